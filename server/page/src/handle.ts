type Permitted = { requestPermission?(options: { mode: "readwrite" }): Promise<PermissionState> };

/** Asks the person's leave to change what is behind a handle. */
export async function permit(handle: FileSystemHandle): Promise<boolean> {
  const asked = handle as FileSystemHandle & Permitted;
  if (!asked.requestPermission) return true;
  return (await asked.requestPermission({ mode: "readwrite" })) === "granted";
}

/** The handle of what was dropped, where one comes in time, which a blocked folder's never does. */
export async function dropped(item: DataTransferItem): Promise<FileSystemHandle | null> {
  const asked = item as DataTransferItem & { getAsFileSystemHandle?(): Promise<FileSystemHandle | null> };
  const late = new Promise<null>((resolve) => setTimeout(resolve, 1_500, null));
  return Promise.race([asked.getAsFileSystemHandle?.() ?? null, late]).catch(() => null);
}
