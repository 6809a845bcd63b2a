/** What the REST answers of the pages look like. */

export interface Listing<T> {
  count: number;
  next: string | null;
  previous: string | null;
  results: T[];
}

export type Role = "owner" | "admin" | "annotator" | "verifier" | "viewer";

export interface MyTeam {
  id: string;
  number: number;
  name: string;
  role: Role;
  permissions: string[];
}

export interface Me {
  person_id: string;
  id: number;
  username: string;
  name: string;
  first_name: string;
  last_name: string;
  is_staff: boolean;
  teams: MyTeam[];
}

export interface User {
  id: number;
  username: string;
  name: string;
  person_id: string;
}

/** An account as the site's administrators see it. */
export interface Account extends User {
  email: string;
  is_staff: boolean;
  is_active: boolean;
}

export interface Membership {
  id: number;
  team: number;
  user: User;
  role: Role;
}

export interface ImageSet {
  id: number;
  uuid: string;
  name: string;
  description: string | null;
  images: number[];
  product_set: number[];
  team: number;
}

export interface Image {
  id: number;
  uuid: string;
  name: string;
  filename: string;
  time: string;
  width: number;
  height: number;
  frames: number;
  mpp: number;
  objectivePower: number;
  image_set: number;
  format?: string;
  size_bytes?: number;
  pixel_size_um?: (number | null)[];
}

export interface Product {
  id: number;
  uuid: string;
  name: string;
  description: string | null;
  team: number;
  annotationtype_set: AnnotationType[];
}

export interface AnnotationType {
  id: number;
  uuid: string;
  name: string;
  vector_type: number;
  color_code: string;
  product: number;
  node_count: number;
  default_width: number;
  default_height: number;
  sort_order: number;
  closed: boolean;
  area_hit_test: boolean;
  multi_frame: boolean;
  enable_concealed: boolean;
  enable_blurred: boolean;
  withdrawn?: boolean;
}

export interface TypeCount {
  annotation_type: number;
  name: string;
  count: number;
}

export interface ImageProgress {
  image: number;
  name: string;
  annotated: number;
  accepted: number;
  rejected: number;
  open: number;
  types: TypeCount[];
}

export interface Progress {
  position: number;
  images: ImageProgress[];
}

export interface Activity {
  position: number;
  at: string;
  by: string;
  by_name: string;
  name: string;
  image: number | null;
  annotation: number | null;
  summary: string;
  command_id: string;
  /** The command that this one takes back. */
  causation_id: string | null;
}

export interface DatasetVersion {
  id: string;
  number: number;
  name: string;
  description?: string;
  version: number;
  position: number;
  frozen_at: string;
  frozen_by: string;
  frozen_by_name?: string;
  image_count: number;
  annotation_count: number;
  manifest_sha256: string;
  withdrawn: boolean;
  withdrawn_reason: string;
  image_sets: number[];
}

export interface ExportFormat {
  name: string;
  title: string;
  suffix: string;
  media_type: string;
  /** What the format cannot hold, in a sentence. */
  loses?: string;
}

export interface Export {
  id: string;
  state: "queued" | "running" | "ready" | "failed";
  format: string;
  progress: number;
  sha256: string | null;
  size_bytes: number | null;
  filename: string | null;
  download: string | null;
  problem: string | null;
}

export interface Token {
  id: number;
  name: string;
  prefix: string;
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
  revoked_at: string | null;
}

export interface Accepted {
  id: string;
  number: number | null;
  version: number;
  position: number;
}

export type ImportState =
  | "queued"
  | "checking"
  | "importing"
  | "showing"
  | "running"
  | "complete"
  | "refused"
  | "failed"
  | "cancelled"
  | "undone";

/** A file of annotations that is brought into an image set; what only the run knows is missing once it is forgotten. */
export interface Import {
  id: string;
  number: number | null;
  state: ImportState;
  /** From 0 to 1. */
  progress: number;
  filename: string;
  source: string;
  model: string;
  model_digest?: string;
  parameters?: Record<string, unknown> | null;
  user: number | null;
  user_name: string | null;
  annotation_count: number | null;
  image_count: number | null;
  kept: number | null;
  started_at: string | null;
  requested_at?: string;
  rows_seen?: number;
  rows_good?: number;
  rows_bad?: number;
  on_bad_rows?: "refuse" | "set_aside";
  problem?: string | null;
  rejected?: string | null;
}

/** A bad row of an import. */
export interface ImportProblem {
  line: number;
  code: string;
  detail: string;
}

/** One image that sent files were cut into, and what has become of it. */
export interface DeliveredImage {
  name: string;
  files: number;
  outcome: "waiting" | "reading" | "registered" | "duplicate" | "refused";
  image: number | null;
  sentence: string;
}

/** Files that were sent together. */
export interface Delivery {
  id: string;
  image_set: number;
  state: "receiving" | "queued" | "reading" | "registering" | "complete" | "failed" | "cancelled";
  progress: number;
  user: number | null;
  problem: string | null;
  files: { path: string; size_bytes: number; modified: number | null; received_bytes: number; upload: string }[];
  images: DeliveredImage[];
  aside: { path: string; code: string; sentence: string; harmless: boolean }[];
}

/** What one process of the host holds for tiles; counts are since it began. */
export interface CacheFigures {
  host: string;
  pid: number;
  up_s: number;
  told_s: number;
  files_open: number;
  files_bytes: number;
  files_hits: number;
  files_opened: number;
  files_evicted: number;
  tiles_held: number;
  tiles_bytes: number;
  tiles_hits: number;
  tiles_made: number;
  tiles_evicted: number;
  shared_hits: number;
  shared_misses: number;
  children: number;
  children_busy: number;
  children_started: number;
  children_failed: number;
  calls: number;
  calls_waiting: number;
  calls_refused: number;
}

/** A file whose reader died, hung or took all memory. */
export interface StruckFile {
  sha256: string;
  image: { number: number; name: string } | null;
  strikes: number;
  refused: boolean;
  how: string;
  ago_s: number;
  expires_s: number;
}

export interface CacheState {
  processes: CacheFigures[];
  strikes: StruckFile[];
}
