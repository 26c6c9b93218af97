/** Files of a drop, also those inside dropped folders. */

/**
 * @param {FileSystemDirectoryReader} reader
 * @returns {Promise<FileSystemEntry[]>} one batch; browsers give at most a hundred at a time
 */
const batch = (reader) => new Promise((resolve, reject) => reader.readEntries(resolve, reject));

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<File[]>}
 */
async function walk(entry) {
  if (entry.isFile) {
    return [await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject))];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const files = [];
  for (let entries = await batch(reader); entries.length; entries = await batch(reader)) {
    for (const child of entries) files.push(...(await walk(child)));
  }
  return files;
}

/**
 * @param {DataTransfer} transfer
 * @returns {Promise<File[]>}
 */
export async function filesOf(transfer) {
  // The items are gone after the first await, so all entries are taken first.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (!entries.length) return [...transfer.files];
  return (await Promise.all(entries.map(walk))).flat();
}
