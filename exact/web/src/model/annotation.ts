/** The state of one annotation, as the server's row and the client's fold both give it. */

import { type Vector, vectorFromWire } from "./vector";

export type Verdict = "accepted" | "rejected";
export type Status = "open" | "accepted" | "rejected";

export interface Verification {
  readonly person_id: string;
  readonly verdict: Verdict;
  readonly of_version: number;
  readonly at: string;
}

export interface Annotation {
  readonly id: string;
  readonly number: number | null;
  readonly version: number;
  readonly content_version: number;
  readonly image_id: string;
  readonly unique_identifier: string;
  readonly annotation_type_id: string;
  readonly vector: Vector | null;
  readonly description: string;
  readonly meta_data: Record<string, unknown> | null;
  readonly removed: boolean;
  readonly created_by: string;
  readonly created_at: string;
  readonly edited_by: string;
  readonly edited_at: string;
  readonly status: Status;
  readonly verifications: readonly Verification[];
}

/** A group member of the palette: what an annotation can be. */
export interface AnnotationType {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly color_code: string;
  readonly vector_type: number;
  readonly node_count: number;
  readonly default_width: number;
  readonly default_height: number;
  readonly sort_order: number;
  readonly closed: boolean;
  readonly area_hit_test: boolean;
  readonly multi_frame: boolean;
  readonly product_id: string;
  readonly product_name: string;
}

/** What the valid verifications add up to: one rejection outweighs every acceptance. */
export function statusOf(verifications: readonly Verification[], contentVersion: number): Status {
  const valid = verifications.filter((one) => one.of_version === contentVersion);
  if (valid.some((one) => one.verdict === "rejected")) return "rejected";
  return valid.length > 0 ? "accepted" : "open";
}

/** A row of the REST list with the defaults put back that the wire leaves out. */
export function annotationFromWire(row: Annotation): Annotation {
  const verifications = row.verifications ?? [];
  return {
    ...row,
    vector: vectorFromWire(row.vector),
    description: row.description ?? "",
    meta_data: row.meta_data ?? null,
    verifications,
    status: statusOf(verifications, row.content_version),
  };
}
