import { dropped, permit } from "./handle";

/** A file that may be a part of a certificate, with a way to delete it where the browser has one. */
export interface FoundFile {
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
  remove?: Removal;
  /** Where other bytes can be put in its place. */
  handle?: FileSystemFileHandle;
}

/** Deletes a file; `permit` asks the person's leave, which the browser may do once for many files. */
export interface Removal {
  permit(): Promise<boolean>;
  remove(): Promise<void>;
}

export interface Gathered {
  files: FoundFile[];
  /** Files that could not be read. */
  unread: string[];
  /** Whether the folder was larger than what is searched. */
  limited: boolean;
}

const ENDINGS = /\.(cer|key|der|pfx|p12)$/i;
/** One byte more than the core takes is enough for it to say that a file is too large. */
const MAX_BYTES = 512 * 1024 + 1;
const MAX_ENTRIES = 20_000;
const MAX_DEPTH = 12;

type Removable = FileSystemFileHandle & { remove?(): Promise<void> };

class Gathering {
  readonly files: FoundFile[] = [];
  readonly unread: string[] = [];
  limited = false;
  private entries = 0;

  constructor(private readonly progress: (count: number) => void) {}

  /** Whether another entry may be looked at. */
  enters(depth: number): boolean {
    this.entries += 1;
    this.limited ||= this.entries > MAX_ENTRIES || depth > MAX_DEPTH;
    if (this.entries % 200 === 0) this.progress(this.entries);
    return this.entries <= MAX_ENTRIES && depth <= MAX_DEPTH;
  }

  async file(path: string, open: () => Promise<File> | File, way: Pick<FoundFile, "remove" | "handle"> = {}): Promise<void> {
    if (!ENDINGS.test(path)) return;
    try {
      const file = await open();
      const bytes = new Uint8Array(await file.slice(0, MAX_BYTES).arrayBuffer());
      this.files.push({ path, bytes, ...way });
    } catch {
      this.unread.push(path);
    }
  }
}

/** Reads a folder that the person has picked or dropped, and can delete in it. */
export async function fromHandle(
  handle: FileSystemHandle,
  progress: (count: number) => void,
): Promise<Gathered> {
  const gathering = new Gathering(progress);
  if (handle.kind === "file") {
    const file = handle as Removable;
    const remove = { permit: () => permit(file), remove: async () => file.remove?.() };
    await gathering.file(file.name, () => file.getFile(), file.remove ? { remove, handle: file } : { handle: file });
    return gathering;
  }
  const root = handle as FileSystemDirectoryHandle;
  const walk = async (folder: FileSystemDirectoryHandle, path: string, depth: number): Promise<void> => {
    for await (const [name, entry] of folder.entries()) {
      if (!gathering.enters(depth)) return;
      const below = `${path}${name}`;
      if (entry.kind === "directory") {
        await walk(entry as FileSystemDirectoryHandle, `${below}/`, depth + 1);
      } else {
        const remove = { permit: () => permit(root), remove: () => folder.removeEntry(name) };
        const handle = entry as FileSystemFileHandle;
        await gathering.file(below, () => handle.getFile(), { remove, handle });
      }
    }
  };
  await walk(root, `${root.name}/`, 0);
  return gathering;
}

/** Reads files of `<input>`, which no page can delete. */
export async function fromFiles(files: Iterable<File>, progress: (count: number) => void): Promise<Gathered> {
  const gathering = new Gathering(progress);
  for (const file of files) {
    if (!gathering.enters(0)) break;
    await gathering.file(file.webkitRelativePath || file.name, () => file);
  }
  return gathering;
}

/** Reads a dropped folder that the browser gives no handle for. */
export async function fromEntry(entry: FileSystemEntry, progress: (count: number) => void): Promise<Gathered> {
  const gathering = new Gathering(progress);
  const walk = async (entry: FileSystemEntry, depth: number): Promise<void> => {
    if (!gathering.enters(depth)) return;
    const path = entry.fullPath.replace(/^\//, "");
    if (entry.isFile) {
      const open = () => new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      return gathering.file(path, open);
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (batch.length === 0) return;
      for (const below of batch) await walk(below, depth + 1);
    }
  };
  await walk(entry, 0);
  return gathering;
}

/** Reads what was dropped: by its handle where one comes in time, which a blocked folder's never does. */
export async function fromDrop(item: DataTransferItem, progress: (count: number) => void): Promise<Gathered | undefined> {
  const entry = item.webkitGetAsEntry();
  const handle = await dropped(item);
  if (handle) return fromHandle(handle, progress);
  return entry ? fromEntry(entry, progress) : undefined;
}

export type Deletion = { outcome: "deleted" } | { outcome: "refused" } | { outcome: "partly"; left: string[] };

/** Deletes every file, and names those that are still there. */
export async function deleteAll(files: readonly FoundFile[]): Promise<Deletion> {
  const left: string[] = [];
  for (const file of files) {
    try {
      if (!file.remove) throw new Error("no way to delete");
      if (!(await file.remove.permit())) return left.length === 0 && file === files[0] ? { outcome: "refused" } : partly(files, file, left);
      await file.remove.remove();
    } catch {
      left.push(file.path);
    }
  }
  return left.length === 0 ? { outcome: "deleted" } : { outcome: "partly", left };
}

function partly(files: readonly FoundFile[], from: FoundFile, left: string[]): Deletion {
  return { outcome: "partly", left: [...left, ...files.slice(files.indexOf(from)).map((file) => file.path)] };
}
