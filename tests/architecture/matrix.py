"""Who may do what at which door: the whole table. A route, method, command or socket without a row fails the test.

The rows are acted on by: nobody signed in; the owner of another team; and the five roles of the team. The things are
the team's own; `{user}` is the owner, `{membership}` the annotator's, `{verification}` the verifier's. 409 is a grant,
too: a team that has members and things in it is dissolved by nobody.
"""

WHO = ("anonymous", "stranger", "viewer", "annotator", "verifier", "admin", "owner")

ROUTES = """
route                                                method  anon stra view anno veri admi owne
health                                               GET     200  200  200  200  200  200  200
                                                     any     200  200  200  200  200  200  200
api/v1                                               GET     403  200  200  200  200  200  200
api/v1/openapi                                       GET     200  200  200  200  200  200  200
api/v1/me                                            GET     403  200  200  200  200  200  200
api/v1/commands                                      POST    403  404  403  200  200  200  200
api/v1/commands/batch                                POST    403  404  403  200  200  200  200
api/v1/activity                                      GET     403  200  200  200  200  200  200
api/v1/audit/checkpoint                              GET     403  200  200  200  200  200  200
api/v1/audit/checkpoints                             GET     403  200  200  200  200  200  200
api/v1/audit/keys                                    GET     403  200  200  200  200  200  200
api/v1/audit/consistency                             GET     403  200  200  200  200  200  200
api/v1/audit/inclusion                               GET     403  404  200  200  200  200  200
api/v1/cache                                         GET     403  403  403  403  403  403  403
api/v1/cache/clear                                   POST    403  403  403  403  403  403  403
api/v1/cache/lift                                    POST    403  403  403  403  403  403  403
metrics                                              GET     403  403  403  403  403  403  403
                                                     any     403  403  403  403  403  403  403
api/v1/*                                             any     404  404  404  404  404  404  404

api/v1/users/users                                   GET     403  200  200  200  200  200  200
                                                     POST    403  403  403  403  403  403  403
api/v1/users/users/{user}                            GET     403  404  200  200  200  200  200
                                                     PATCH   403  404  403  403  403  403  200
api/v1/users/users/{user}/deactivate                 POST    403  403  403  403  403  403  403
api/v1/users/users/{user}/activate                   POST    403  403  403  403  403  403  403
api/v1/users/users/{user}/password                   POST    403  403  403  403  403  403  403
api/v1/users/teams                                   GET     403  200  200  200  200  200  200
                                                     POST    403  201  201  201  201  201  201
api/v1/users/teams/{team}                            GET     403  404  200  200  200  200  200
                                                     PUT     403  404  403  403  403  403  200
                                                     PATCH   403  404  403  403  403  403  200
                                                     DELETE  403  404  403  403  403  403  409
api/v1/users/teams/{team}/restore                    POST    403  404  403  403  403  403  200
api/v1/users/teams/{team}/history                    GET     403  404  200  200  200  200  200
api/v1/users/team_membership                         GET     403  200  200  200  200  200  200
                                                     POST    403  400  403  403  403  201  201
api/v1/users/team_membership/{membership}            GET     403  404  200  200  200  200  200
                                                     PUT     403  404  403  403  403  200  200
                                                     PATCH   403  404  403  403  403  200  200
                                                     DELETE  403  404  403  204  403  204  204
users/api/tokens                                     GET     403  200  200  200  200  200  200
                                                     POST    403  201  201  201  201  201  201
users/api/tokens/{token}/revoke                      POST    403  404  404  404  404  404  200

api/v1/images/image_sets                             GET     403  200  200  200  200  200  200
                                                     POST    403  400  403  403  403  201  201
api/v1/images/image_sets/{image_set}                 GET     403  404  200  200  200  200  200
                                                     PUT     403  404  403  403  403  200  200
                                                     PATCH   403  404  403  403  403  200  200
                                                     DELETE  403  404  403  403  403  204  204
api/v1/images/image_sets/{image_set}/restore         POST    403  404  403  403  403  200  200
api/v1/images/image_sets/{image_set}/progress        GET     403  404  200  200  200  200  200
api/v1/images/image_sets/{image_set}/history         GET     403  404  200  200  200  200  200

api/v1/images/deliveries                             GET     403  200  200  200  200  200  200
api/v1/images/deliveries/known                       POST    403  404  403  200  200  200  200
api/v1/images/deliveries/{delivery}                  GET     403  404  200  200  200  200  200
api/v1/images/deliveries/{delivery}/start            POST    403  404  403  403  403  403  202
api/v1/images/deliveries/{delivery}/cancel           POST    403  404  403  403  403  403  200
api/v1/images/images                                 GET     403  200  200  200  200  200  200
                                                     POST    403  404  403  200  200  200  200
api/v1/images/images/{image}                         GET     403  404  200  200  200  200  200
                                                     PUT     403  404  403  403  403  200  200
                                                     PATCH   403  404  403  403  403  200  200
                                                     DELETE  403  404  403  403  403  204  204
api/v1/images/images/{image}/restore                 POST    403  404  403  403  403  200  200
api/v1/images/images/{image}/annotations             GET     403  404  200  200  200  200  200
api/v1/images/images/{image}/history                 GET     403  404  200  200  200  200  200
api/v1/images/images/{image}/workspace               GET     403  404  200  200  200  200  200
api/v1/images/images/{image}/metadata                GET     403  404  200  200  200  200  200
api/v1/images/images/{image}/thumbnail               GET     403  404  200  200  200  200  200
api/v1/images/images/{image}/slide_information       GET     403  404  200  200  200  200  200
api/v1/images/images/{image}/get_patch               GET     403  404  200  200  200  200  200
api/v1/images/images/{image}/download                GET     403  404  200  200  200  200  200
images/api/image/download/{image}                    GET     403  404  200  200  200  200  200
images/api/image/metadata/{image}                    GET     403  404  200  200  200  200  200

api/v1/administration/products                       GET     403  200  200  200  200  200  200
                                                     POST    403  400  403  403  403  201  201
api/v1/administration/products/{product}             GET     403  404  200  200  200  200  200
                                                     PUT     403  404  403  403  403  200  200
                                                     PATCH   403  404  403  403  403  200  200
                                                     DELETE  403  404  403  403  403  204  204
api/v1/administration/products/{product}/restore     POST    403  404  403  403  403  200  200
api/v1/annotations/annotation_types                  GET     403  200  200  200  200  200  200
                                                     POST    403  400  403  403  403  201  201
api/v1/annotations/annotation_types/{annotation_type}  GET   403  404  200  200  200  200  200
                                                     PUT     403  404  403  403  403  200  200
                                                     PATCH   403  404  403  403  403  200  200
                                                     DELETE  403  404  403  403  403  204  204
api/v1/annotations/annotation_types/{annotation_type}/restore  POST  403  404  403  403  403  200  200

api/v1/annotations/annotations                       GET     403  200  200  200  200  200  200
                                                     POST    403  400  403  201  201  201  201
api/v1/annotations/annotations/count                 GET     403  200  200  200  200  200  200
api/v1/annotations/annotations/multiple_delete       DELETE  403  200  403  200  200  200  200
api/v1/annotations/annotations/{annotation}          GET     403  404  200  200  200  200  200
                                                     PUT     403  404  403  200  200  200  200
                                                     PATCH   403  404  403  200  200  200  200
                                                     DELETE  403  404  403  204  204  204  204
api/v1/annotations/annotations/{annotation}/history  GET     403  404  200  200  200  200  200
api/v1/annotations/verifications                     GET     403  200  200  200  200  200  200
                                                     POST    403  400  403  403  200  201  201
api/v1/annotations/verifications/{verification}      GET     403  404  200  200  200  200  200
                                                     PUT     403  404  403  403  200  403  403
                                                     PATCH   403  404  403  403  200  403  403
                                                     DELETE  403  404  403  403  204  403  403

api/v1/annotations/imports                           GET     403  200  200  200  200  200  200
                                                     POST    403  404  403  202  202  202  202
api/v1/annotations/imports/{import}                  GET     403  404  200  200  200  200  200
api/v1/annotations/imports/{import}/problems         GET     403  404  200  200  200  200  200
api/v1/annotations/imports/{import}/rejected         GET     403  404  200  200  200  200  200
api/v1/annotations/imports/{import}/cancel           POST    403  404  403  403  403  200  200
api/v1/annotations/imports/{import}/undo             POST    403  404  403  403  403  200  200
api/v1/annotations/imports/{import}/restore          POST    403  404  403  403  403  200  200

api/v1/datasets/formats                              GET     403  200  200  200  200  200  200
api/v1/datasets/versions                             GET     403  200  200  200  200  200  200
                                                     POST    403  404  403  403  403  201  201
api/v1/datasets/versions/{version}                   GET     403  404  200  200  200  200  200
api/v1/datasets/versions/{version}/manifest          GET     403  404  200  200  200  200  200
api/v1/datasets/versions/{version}/withdraw          POST    403  404  403  403  403  200  200
api/v1/datasets/versions/{version}/reinstate         POST    403  404  403  403  403  200  200
api/v1/datasets/exports                              GET     403  200  200  200  200  200  200
                                                     POST    403  404  202  202  202  202  202
api/v1/datasets/exports/{export}                     GET     403  404  200  200  200  200  200
api/v1/datasets/exports/{export}/download            GET     403  404  200  200  200  200  200

(home)                                               GET     302  200  200  200  200  200  200
teams/{number}                                       GET     302  200  200  200  200  200  200
images/imageset/{number}                             GET     302  200  200  200  200  200  200
annotations/{number}                                 GET     302  200  200  200  200  200  200
people                                               GET     302  403  403  403  403  403  403
cache                                                GET     302  403  403  403  403  403  403
account                                              GET     302  200  200  200  200  200  200
account/password                                     POST    403  400  400  400  400  400  400
sign-in                                              GET     200  302  302  302  302  302  302
                                                     POST    401  302  302  302  302  302  302
                                                     PUT     401  302  302  302  302  302  302
                                                     PATCH   405  302  302  302  302  302  302
                                                     DELETE  405  302  302  302  302  302  302
sign-out                                             POST    302  302  302  302  302  302  302
"""
"""A page of another team is the same empty shell as a page of one's own: what fills it comes from the routes above."""

STAFF = """
route                                                method  staff
api/v1/users/users                                   POST    201
api/v1/users/users/{user}                            GET     200
                                                     PATCH   403
api/v1/users/users/{user}/deactivate                 POST    200
api/v1/users/users/{user}/activate                   POST    200
api/v1/users/users/{user}/password                   POST    200
people                                               GET     200
cache                                                GET     200
api/v1/cache                                         GET     200
api/v1/cache/clear                                   POST    202
api/v1/cache/lift                                    POST    400
metrics                                              GET     200
                                                     any     200
"""
"""Where an administrator of the site, who is in no role of this team, is answered otherwise than the stranger."""

COMMANDS = """
command                   anon stra view anno veri admi owne
FoundTeam                 403  200  200  200  200  200  200
RenameTeam                403  404  403  403  403  403  200
AddMember                 403  404  403  403  403  200  200
ChangeRole                403  404  403  403  403  200  200
RemoveMember              403  404  403  200  403  200  200
DissolveTeam              403  404  403  403  403  403  409
RestoreTeam               403  404  403  403  403  403  200
CreateProduct             403  404  403  403  403  200  200
ChangeProduct             403  404  403  403  403  200  200
WithdrawProduct           403  404  403  403  403  200  200
RestoreProduct            403  404  403  403  403  200  200
CreateAnnotationType      403  404  403  403  403  200  200
ChangeAnnotationType      403  404  403  403  403  200  200
WithdrawAnnotationType    403  404  403  403  403  200  200
RestoreAnnotationType     403  404  403  403  403  200  200
CreateImageSet            403  404  403  403  403  200  200
DescribeImageSet          403  404  403  403  403  200  200
AttachProduct             403  404  403  403  403  200  200
DetachProduct             403  404  403  403  403  200  200
WithdrawImageSet          403  404  403  403  403  200  200
RestoreImageSet           403  404  403  403  403  200  200
RenameImage               403  404  403  403  403  200  200
WithdrawImage             403  404  403  403  403  200  200
RestoreImage              403  404  403  403  403  200  200
DrawAnnotation            403  404  403  200  200  200  200
ReshapeAnnotation         403  404  403  200  200  200  200
ReclassifyAnnotation      403  404  403  200  200  200  200
DescribeAnnotation        403  404  403  200  200  200  200
EditAnnotation            403  404  403  200  200  200  200
RemoveAnnotation          403  404  403  200  200  200  200
RestoreAnnotation         403  404  403  200  200  200  200
VerifyAnnotation          403  404  403  403  200  200  200
WithdrawVerification      403  404  403  403  200  200  200
VerifyAnnotations         403  404  403  403  200  200  200
ReclassifyAnnotations     403  404  403  200  200  200  200
RemoveAnnotations         403  404  403  200  200  200  200
RestoreAnnotations        403  404  403  200  200  200  200
Undo                      403  404  403  403  403  200  200
CancelImport              403  404  403  403  403  200  200
UndoImport                403  404  403  403  403  200  200
RestoreImport             403  404  403  403  403  200  200
WithdrawDatasetVersion    403  404  403  403  403  200  200
ReinstateDatasetVersion   403  404  403  403  403  200  200
RegisterImage             403  400  400  400  400  400  400
FreezeDataset             403  400  400  400  400  400  400
Batch                     403  400  400  400  400  400  400
ImportAnnotations         403  400  400  400  400  400  400
BringAnnotations          403  400  400  400  400  400  400
CompleteImport            403  400  400  400  400  400  400
"""
SERVER_S_OWN = {"RegisterImage", "FreezeDataset", "Batch", "ImportAnnotations", "BringAnnotations", "CompleteImport"}
"""The last of the table: no client may send them."""

WITHOUT_VERSION = """
route                                                method  why
api/v1/commands/batch                                POST    each of its wishes says its own expected_version
api/v1/users/users                                   POST    begins an account
api/v1/users/users/{user}                            PATCH   an account is no stream of facts: the last change counts
api/v1/users/users/{user}/deactivate                 POST    an account is shut whatever was written into it meanwhile
api/v1/users/users/{user}/activate                   POST    an account is opened whatever was written into it meanwhile
api/v1/users/users/{user}/password                   POST    the last password counts
api/v1/users/teams                                   POST    begins a team
users/api/tokens                                     POST    begins a token
users/api/tokens/{token}/revoke                      POST    a token never changes but by ending, and that twice is once
api/v1/cache/clear                                       POST    caches are no stream of facts
api/v1/cache/lift                                        POST    a strike is lifted whatever came after it
api/v1/images/image_sets                             POST    begins an image set
api/v1/images/deliveries/known                       POST    a question
api/v1/images/deliveries/{delivery}/start            POST    files on their way are no stream of facts
api/v1/images/deliveries/{delivery}/cancel           POST    as start
api/v1/images/images                                 POST    begins images
api/v1/administration/products                       POST    begins a product
api/v1/annotations/annotation_types                  POST    begins an annotation type
api/v1/annotations/annotations                       POST    begins an annotation, or is an edit and asked as one
api/v1/annotations/imports                           POST    begins an import
api/v1/datasets/versions                             POST    begins a dataset version
api/v1/datasets/exports                              POST    begins an export, a file that is made anew at any time
account/password                                     POST    a page's form: the last password counts
sign-in                                              POST    a page's form: begins a session
                                                     PUT     as POST
sign-out                                             POST    a page's form: a session is no thing that people share
"""
"""Where If-Match has nothing to speak of. The REST doors refuse a version that is named (400); forms do not look at it.

Everywhere else that something is changed, a version that is not the newest is refused with both versions (409).
"""
COMMANDS_WITHOUT_VERSION = {
    *("FoundTeam", "CreateProduct", "CreateAnnotationType", "CreateImageSet"),
    "DrawAnnotation",  # unless it names an identifier that the image knows
    "Undo",  # is about a command, and asks each of its facts whether somebody has built on it
}

TILES = """
address                                                   anon stra view anno veri admi owne
/images/image/{image}/1/0/tile/                           403  404  200  200  200  200  200
/images/image/{image}/1/0/tile_files/0/0_0.jpeg           403  404  200  200  200  200  200
/api/v1/images/images/{image}/1/0/tile/                   403  404  200  200  200  200  200
/api/v1/images/images/{image}/1/0/tile_files/0/0_0.png    403  404  200  200  200  200  200
/tiles/{image}/info.json                                  403  404  200  200  200  200  200
/tiles/{image}/0/0/0/0_0.jpeg                             403  404  200  200  200  200  200
/tiles/{image}/associated/label.jpeg                      403  404  403  403  403  404  404
/tiles/{image}/iiif/0.0                                   403  404  303  303  303  303  303
/tiles/{image}/iiif/0.0/info.json                         403  404  200  200  200  200  200
/tiles/{image}/iiif/0.0/1,2,20,10/max/90/gray.png         403  404  200  200  200  200  200
"""
"""The picture has no label: whoever may see labels is told so (404), the others that they may not (403)."""

UPLOADS = """
address                                              method  anon stra view anno veri admi owne
/api/v1/uploads/                                     POST    403  404  403  201  201  201  201
/api/v1/uploads/{upload}                             HEAD    403  404  404  404  404  404  200
                                                     PATCH   403  404  404  404  404  404  204
                                                     DELETE  403  404  404  404  404  404  204
"""
"""The tus protocol's addresses; an upload belongs to who began it."""

SOCKETS = """
address                        anon stra view anno veri admi owne
/ws/images/{image}/            4401 4404 0    0    0    0    0
/ws/image_sets/{image_set}/    4401 4404 0    0    0    0    0
"""
"""Close codes; 0: welcome."""


def reasons(table: str) -> dict[tuple[str, str], str]:
    """A table whose last column is a text."""
    found, route = {}, ""
    for line in table.strip().splitlines()[1:]:
        route, method, why = (f"{route} {line}" if line.startswith(" ") else line).split(maxsplit=2)
        found[route, method] = why
    return found


def rows(table: str, keys: int) -> dict[tuple[str, ...], tuple[int, ...]]:
    """A table by its first columns; an empty first column repeats the one above."""
    found: dict[tuple[str, ...], tuple[int, ...]] = {}
    above = ""
    for line in table.strip().splitlines()[1:]:
        if not line.strip():
            continue
        words = line.split()
        if line.startswith(" "):
            words = [above, *words]
        above = words[0]
        found[tuple(words[:keys])] = tuple(map(int, words[keys:]))
    return found
