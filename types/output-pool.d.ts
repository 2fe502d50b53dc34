// Memory for large outputs that is used again.

/** The options of an `OutputPool`. */
export interface OutputPoolOptions {
  /** How much memory the pool keeps while nobody uses it, in bytes; by default 256 MiB. */
  readonly maxBytes?: number;
  /**
   * Whether plaintext is overwritten when it is given back; by default `true`. With `false` it stays in the
   * memory of the process until another output is written there.
   */
  readonly wipe?: boolean;
}

/**
 * Keeps the memory of large outputs and uses it again: 64 MiB are encrypted 1.5 to 3 times as fast there as in
 * new memory, which the system must clear first. It is for data of many MiB. Each thread has pools of its own.
 *
 * @example
 * const outputs = new OutputPool();
 * {
 *   using output = outputs.acquire();
 *   const message = await envelope.encrypt(plaintext, { into: output });
 *   await upload(message);
 * } // the memory is given back here
 */
export class OutputPool {
  private readonly kind: "output-pool";
  /** @throws {EnvelopeError} `ERR_ENVELOPE_INVALID_ARGUMENT`. */
  constructor(options?: OutputPoolOptions);
  /** Returns an output for one call. It has no memory before that call knows its length. */
  acquire(): PooledOutput;
  /** Frees the memory that nobody uses. */
  clear(): void;
  /** How much memory the pool keeps while nobody uses it, in bytes. */
  readonly idleBytes: number;
}

/** Memory of an `OutputPool` for the output of one call: see `into` in {@link SyncOptions}. */
declare class PooledOutput {
  private readonly kind: "pooled-output";
  private constructor();
  /**
   * Gives the memory back. From then on the Buffer that the call returned is empty, like every other view of
   * that memory. If the call is still running, it fails. Releasing it again does nothing.
   */
  release(): void;
  [Symbol.dispose](): void;
}
export type { PooledOutput };
