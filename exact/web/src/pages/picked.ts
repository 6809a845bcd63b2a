/** Files that somebody chose or dropped, with their paths; cut into what is sent together. */

export interface Picked {
  readonly file: File;
  /** With the names of the folders in which it lies. */
  readonly path: string;
}

/** Files that are sent together, and what to call them. */
export interface Parcel {
  readonly name: string;
  readonly files: Picked[];
}

/** Names of files that are one image with others: slices, planes, slides of many files. */
const BELONGS = /\.(dcm|dicom|vms|vmu|ndpis|mrxs|vsi|ets)$|\.ome\.tiff?$|\.companion\.ome$|[_-]z\d+[_.-]|^[^.]+$/i;

/** A folder is sent as one; loose files each by itself, unless their names say that they belong together. */
export function parcels(picked: Picked[]): Parcel[] {
  const loose = picked.filter(({ path }) => !path.includes("/"));
  const inFolders = picked.filter(({ path }) => path.includes("/"));
  if (loose.length + inFolders.length > 1 && loose.some(({ path }) => BELONGS.test(path))) return [together(picked)];
  const folders = new Map<string, Picked[]>();
  for (const one of inFolders) {
    const top = one.path.slice(0, one.path.indexOf("/"));
    folders.set(top, [...(folders.get(top) ?? []), one]);
  }
  return [
    ...loose.map((one) => ({ name: one.path, files: [one] })),
    ...[...folders].map(([name, files]) => ({ name, files })),
  ];
}

function together(files: Picked[]): Parcel {
  const main = files.find(({ path }) => /\.(mrxs|vms|vmu|vsi)$/i.test(path)) ?? files[0];
  const others = files.length - 1;
  return { name: `${main?.path ?? ""} and ${others} ${others === 1 ? "other" : "others"}`, files };
}

/** What an input holds; one that takes folders tells their names. */
export const ofInput = (input: HTMLInputElement): Picked[] =>
  [...(input.files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }));

/** What was dropped, folders walked through. Entries have to be asked for before the event is over. */
export async function ofDrop(data: DataTransfer): Promise<Picked[]> {
  const items = [...data.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry());
  const files = [...data.files];
  const found = await Promise.all(entries.map((entry) => (entry ? walked(entry) : [])));
  return found.flat().length ? found.flat() : files.map((file) => ({ file, path: file.name }));
}

async function walked(entry: FileSystemEntry): Promise<Picked[]> {
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) return [{ file: await fileOf(entry as FileSystemFileEntry), path }];
  const inside = await listed(entry as FileSystemDirectoryEntry);
  return (await Promise.all(inside.map(walked))).flat();
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> => new Promise((good, bad) => entry.file(good, bad));

/** A reader tells a hundred at a time, and nothing when it has told all. */
async function listed(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((good, bad) => reader.readEntries(good, bad));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

/** A file as the server remembers it from before the page was left. */
export interface Remembered {
  path: string;
  size_bytes: number;
  modified: number | null;
  received_bytes: number;
  upload: string;
}

/** Where each of these files goes on, when they are the very files of an interrupted delivery; null when they are not. */
export function goingOn(files: Picked[], remembered: Remembered[]): Map<string, string> | null {
  const uploads = new Map<string, string>();
  for (const known of remembered) {
    const found = files.find(({ file, path }) => path === known.path && file.size === known.size_bytes);
    const same = found && (known.modified === null || found.file.lastModified === known.modified);
    if (same) uploads.set(known.path, known.upload);
    else if (known.received_bytes < known.size_bytes) return null;
  }
  return uploads.size ? uploads : null;
}
