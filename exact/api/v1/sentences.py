"""Facts in words: what a line of the activity list says."""

WORDS = {
    "AnnotationDrawn": "drew an annotation",
    "AnnotationReshaped": "reshaped an annotation",
    "AnnotationReclassified": "gave an annotation another type",
    "AnnotationDescribed": "described an annotation",
    "AnnotationRemoved": "removed an annotation",
    "AnnotationRestored": "restored an annotation",
    "AnnotationVerified": "verified an annotation",
    "VerificationWithdrawn": "withdrew a verification",
    "ImageRegistered": "uploaded the image",
    "ImageRenamed": "renamed the image",
    "ImageWithdrawn": "withdrew the image",
    "ImageRestored": "restored the image",
    "ImageSetCreated": "created the image set",
    "ImageSetDescribed": "described the image set",
    "ProductAttached": "attached a product",
    "ProductDetached": "detached a product",
    "ImageSetWithdrawn": "withdrew the image set",
    "ImageSetRestored": "restored the image set",
    "ProductCreated": "created a product",
    "ProductChanged": "changed a product",
    "ProductWithdrawn": "withdrew a product",
    "ProductRestored": "restored a product",
    "AnnotationTypeCreated": "created an annotation type",
    "AnnotationTypeChanged": "changed an annotation type",
    "AnnotationTypeWithdrawn": "withdrew an annotation type",
    "AnnotationTypeRestored": "restored an annotation type",
    "ImportStarted": "began an import",
    "ImportCompleted": "imported annotations",
    "ImportCancelled": "cancelled an import",
    "ImportUndone": "undid an import",
    "ImportRestored": "restored an import",
    "AnnotationsImported": "brought annotations",
    "ImportedAnnotationsShown": "imported annotations",
    "ImportedAnnotationsRemoved": "removed imported annotations",
    "ImportedAnnotationsRestored": "restored imported annotations",
    "DatasetVersionFrozen": "froze a dataset version",
    "DatasetVersionWithdrawn": "withdrew a dataset version",
    "DatasetVersionReinstated": "reinstated a dataset version",
    "TeamFounded": "founded the team",
    "TeamRenamed": "renamed the team",
    "MemberAdded": "added a member",
    "RoleChanged": "changed a member's role",
    "MemberRemoved": "removed a member",
    "TeamDissolved": "dissolved the team",
    "TeamRestored": "restored the team",
}
"""Every fact has its words; a test looks for one that has none."""


def sentence(fact: str, name: str, image: str | None) -> str:
    """`Ada drew an annotation on slide.svs.`"""
    words = WORDS.get(fact, fact)
    if image is None:
        return f"{name} {words}."
    return f"{name} {words} {image}." if fact.startswith("Image") else f"{name} {words} on {image}."
