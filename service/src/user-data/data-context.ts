/** What binds the message of stored data to its row. */
export function dataContext({ id, userId, name }: { id: string; userId: string; name: string }) {
  return { type: "stored-data", dataId: id, userId, name };
}
