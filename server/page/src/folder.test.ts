import { expect, test } from "vitest";
import { type FoundFile, deleteAll, fromFiles, fromHandle } from "./folder";

const quiet = () => undefined;

function fileHandle(name: string, text: string) {
  return { kind: "file", name, getFile: async () => new File([text], name) };
}

function folderHandle(name: string, entries: Record<string, unknown>, removed: string[] = []) {
  return {
    kind: "directory", name,
    entries: async function* () { yield* Object.entries(entries); },
    removeEntry: async (entry: string) => void removed.push(entry),
    requestPermission: async () => "granted",
  };
}

test("reads the files that may be certificates, from every level, and can delete them", async () => {
  const removed: string[] = [];
  const folder = folderHandle("GPKI", {
    "readme.txt": fileHandle("readme.txt", "no"),
    class2: folderHandle("class2", { "a_sig.CER": fileHandle("a_sig.CER", "yes") }, removed),
  });
  const gathered = await fromHandle(folder as unknown as FileSystemHandle, quiet);
  expect(gathered.files.map((file) => file.path)).toEqual(["GPKI/class2/a_sig.CER"]);
  expect(await deleteAll(gathered.files)).toEqual({ outcome: "deleted" });
  expect(removed).toEqual(["a_sig.CER"]);
});

test("names a file that cannot be read and goes on", async () => {
  const broken = { kind: "file", name: "a.key", getFile: async () => { throw new Error("gone"); } };
  const folder = folderHandle("x", { "a.key": broken, "b.cer": fileHandle("b.cer", "yes") });
  const gathered = await fromHandle(folder as unknown as FileSystemHandle, quiet);
  expect(gathered.unread).toEqual(["x/a.key"]);
  expect(gathered.files).toHaveLength(1);
});

test("cuts a huge file instead of reading it", async () => {
  const huge = new File([new Uint8Array(2 << 20)], "signPri.key");
  const gathered = await fromFiles([huge], quiet);
  expect(gathered.files[0]?.bytes.length).toBe(512 * 1024 + 1);
});

test("stops in a folder that goes deeper than any certificate's", async () => {
  let folder = folderHandle("end", { "a.cer": fileHandle("a.cer", "yes") });
  for (let level = 0; level < 30; level += 1) folder = folderHandle(`${level}`, { below: folder });
  const gathered = await fromHandle(folder as unknown as FileSystemHandle, quiet);
  expect(gathered.files).toEqual([]);
  expect(gathered.limited).toBe(true);
});

function file(path: string, permitted: boolean, fails = false): FoundFile {
  return {
    path, bytes: new Uint8Array(),
    remove: { permit: async () => permitted, remove: async () => { if (fails) throw new Error("locked"); } },
  };
}

test("says what could not be deleted, and whether the person refused", async () => {
  expect(await deleteAll([file("a", false), file("b", true)])).toEqual({ outcome: "refused" });
  expect(await deleteAll([file("a", true), file("b", true, true)])).toEqual({ outcome: "partly", left: ["b"] });
  expect(await deleteAll([file("a", true), file("b", false), file("c", true)])).toEqual({ outcome: "partly", left: ["b", "c"] });
  expect(await deleteAll([{ path: "a", bytes: new Uint8Array() }])).toEqual({ outcome: "partly", left: ["a"] });
});
