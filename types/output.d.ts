// What bytes come out as, whatever the TypeScript version, its `lib` and `types`.

/**
 * The Buffer that calls return: `Buffer<ArrayBuffer>` where the types of Node.js have that, so that it is
 * also a `BodyInit`, a `BlobPart` and a `BufferSource`; `Buffer` in older ones; and a `Uint8Array` in a
 * project without `@types/node`, never `any`.
 */
export type OutputBuffer = typeof globalThis extends { Buffer: { alloc(size: number): infer B } }
  ? B
  : ReturnType<typeof Uint8Array.of>;

/** The same for what Web streams give: `Uint8Array<ArrayBuffer>` where TypeScript has that. */
export type OutputBytes = ReturnType<typeof Uint8Array.of>;
