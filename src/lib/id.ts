import { uuidv7 } from "uuidv7";

/** A new row's id: UUIDv7 (RFC 9562), so rows sort roughly by age. Not commit order: never a cursor on its own. */
export function newId(): string {
  return uuidv7();
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether text from outside is a lower-case UUID, so that it may be asked of the store. */
export function isId(text: string): boolean {
  return UUID.test(text);
}
