import { zipSync } from "fflate";
import type { NativeFile } from "./core";
import { dropped, permit } from "./handle";

export type Saving = { outcome: "saved"; folder: string } | { outcome: "occupied"; paths: string[] } | { outcome: "refused" };

/** Why the disk did not do what was asked. */
export class SaveError extends Error {
  readonly code = "not_stored";
}

/** Writes files below a folder, each swapped in whole, read back and compared. Other files of the same
 * name are named and left, unless they may be replaced. */
export async function saveInto(root: FileSystemDirectoryHandle, files: readonly NativeFile[], replace: boolean): Promise<Saving> {
  if (!(await permit(root))) return { outcome: "refused" };
  const occupied: string[] = [];
  for (const file of files) {
    const there = await read(root, file.path);
    if (there && !same(there, file.bytes)) occupied.push(file.path);
  }
  if (occupied.length > 0 && !replace) return { outcome: "occupied", paths: occupied };
  for (const file of files) {
    const { folder, name } = await place(root, file.path, true);
    await write(await folder.getFileHandle(name, { create: true }), file.bytes);
  }
  return { outcome: "saved", folder: root.name };
}

/** Puts other bytes into a file, and the old ones back where they did not arrive. */
export async function overwrite(handle: FileSystemFileHandle, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const old = new Uint8Array(await (await handle.getFile()).arrayBuffer());
  try {
    await write(handle, bytes);
  } catch (error) {
    await write(handle, old);
    throw error;
  }
}

/** Hands files over to the browser's downloads: one as it is, several as a zip. */
export function download(files: readonly NativeFile[], zipName: string): void {
  const [only] = files;
  if (!only) return;
  const several = files.length > 1;
  const content = several ? zipSync(Object.fromEntries(files.map((file) => [file.path, file.bytes]))) : only.bytes;
  const url = URL.createObjectURL(new Blob([content as Uint8Array<ArrayBuffer>]));
  const link = document.createElement("a");
  link.href = url;
  link.download = several ? zipName : (only.path.split("/").pop() ?? zipName);
  link.click();
  URL.revokeObjectURL(url);
}

/** The folder that was dropped, where the browser gives a handle for it in time. */
export async function droppedFolder(item: DataTransferItem): Promise<FileSystemDirectoryHandle | undefined> {
  const handle = await dropped(item);
  return handle?.kind === "directory" ? (handle as FileSystemDirectoryHandle) : undefined;
}

async function write(handle: FileSystemFileHandle, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const writable = await handle.createWritable();
  await writable.write(bytes);
  await writable.close();
  if (!same(new Uint8Array(await (await handle.getFile()).arrayBuffer()), bytes)) throw new SaveError();
}

async function read(root: FileSystemDirectoryHandle, path: string): Promise<Uint8Array | undefined> {
  try {
    const { folder, name } = await place(root, path, false);
    const file = await (await folder.getFileHandle(name)).getFile();
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    if ((error as DOMException).name === "NotFoundError") return undefined;
    throw error;
  }
}

async function place(root: FileSystemDirectoryHandle, path: string, create: boolean) {
  const names = path.split("/");
  const name = names.pop() ?? "";
  let folder = root;
  for (const below of names) folder = await folder.getDirectoryHandle(below, { create });
  return { folder, name };
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
