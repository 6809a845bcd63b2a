/** The dialogs for an annotation type: name, colour, and how it is drawn, which never changes afterwards. */

import type { Field } from "./form-controls";
import { askForm } from "./form-dialog";
import * as rest from "./rest";
import type { AnnotationType, Product } from "./shapes";
import { clicked, freeColour, open, VECTOR_TYPES } from "./vectors";

const name = (value = ""): Field => ({
  name: "name",
  label: "Name",
  value,
  maxLength: 50,
  placeholder: "Mitotic figure",
});
const colour = (value: string): Field => ({ name: "color_code", label: "Colour", kind: "colour", value });
const size = (value: number): Field => ({
  name: "size",
  label: "Size of one click",
  kind: "number",
  value: String(value),
  hint: "In pixels of the image; for points and boxes of a fixed size.",
});
const drawnAs: Field = {
  name: "vector_type",
  label: "Drawn as",
  kind: "choice",
  value: "5",
  options: VECTOR_TYPES.map(({ vector_type, name: label, hint, icon }) => ({
    value: String(vector_type),
    label,
    hint,
    icon,
  })),
};

const pixels = (typed = ""): number => Math.max(1, Math.round(Number(typed)) || 50);

export const askForNewType = (product: Product, others: AnnotationType[]) =>
  askForm({
    heading: "New annotation type",
    lead: `In ${product.name}.`,
    action: "Create type",
    testid: "create-type-confirm",
    wide: true,
    fields: [name(), drawnAs, size(50), colour(freeColour(others.map((type) => type.color_code)))],
    run: (values) =>
      rest.command("CreateAnnotationType", {
        product_id: product.uuid,
        name: values["name"],
        vector_type: Number(values["vector_type"]),
        color_code: values["color_code"],
        default_width: pixels(values["size"]),
        default_height: pixels(values["size"]),
        sort_order: others.length,
        closed: !open(Number(values["vector_type"])),
      }),
  });

/** The command replaces the whole style, so what is not asked goes along as it was. */
export const askForChangedType = (type: AnnotationType) =>
  askForm({
    heading: "Change the annotation type",
    lead: "How it is drawn stays, because annotations of it may exist.",
    action: "Save",
    testid: "change-type-confirm",
    fields: [
      name(type.name),
      ...(clicked(type.vector_type) ? [size(type.default_width)] : []),
      colour(type.color_code),
    ],
    run: (values) => {
      const { node_count, sort_order, closed, area_hit_test, multi_frame, enable_concealed, enable_blurred } = type;
      const kept = { node_count, sort_order, closed, area_hit_test, multi_frame, enable_concealed, enable_blurred };
      const sides = values["size"]
        ? { default_width: pixels(values["size"]), default_height: pixels(values["size"]) }
        : { default_width: type.default_width, default_height: type.default_height };
      const { name: called, color_code } = values;
      return rest.command("ChangeAnnotationType", {
        annotation_type_id: type.uuid,
        ...kept,
        ...sides,
        name: called,
        color_code,
      });
    },
  });
