// A storage of the caller's for branch keys: what it is told, and what it answers.

/** The keys of an item. They are compared byte by byte, so that case matters. */
export interface BranchKeyItemKeys {
  /** The id of the branch key, of at most 2,048 bytes. */
  readonly branchKeyId: string;
  /** Which item of the branch key, such as `branch:ACTIVE`; of at most 51 characters. */
  readonly type: string;
}

/** One item of a branch key. It holds no secret: KMS has encrypted `enc`, and authenticates the rest. */
export interface BranchKeyItem extends BranchKeyItemKeys {
  /** The branch key, wrapped by KMS. */
  readonly enc: Uint8Array;
  /** All other attributes. Store them as they are: if one is changed, the branch key is lost. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** An item to write, and on which condition. */
export interface BranchKeyPut {
  /** The item. */
  readonly item: BranchKeyItem;
  /**
   * The `enc` of the item that this one replaces, which has the same keys. If the stored `enc` differs,
   * or there is no such item, write nothing. Without `previousEnc`, there must be no item with these
   * keys yet.
   */
  readonly previousEnc?: Uint8Array;
}

/**
 * Where branch keys are stored: an object with these functions. Their answers are checked like those of
 * DynamoDB. If one throws, the call fails with `ERR_ENVELOPE_KEY_STORE_FAILED`, and `cause` is the
 * error that was thrown. The failure is retryable if that error has `retryable: true`.
 */
export interface BranchKeyStorage {
  /**
   * Returns the item with these keys, or nothing. With `consistently`, it must see an item that was
   * written just now; otherwise a replica may answer.
   */
  get(
    keys: BranchKeyItemKeys,
    options: { readonly consistently: boolean },
  ): Promise<BranchKeyItem | null | undefined> | BranchKeyItem | null | undefined;

  /**
   * Writes all items, or none if one of the conditions does not hold, and resolves to whether it wrote.
   * The checks and the writes must be one transaction. There are at most 3 items.
   */
  write(puts: readonly BranchKeyPut[]): Promise<boolean> | boolean;

  /** Returns all items of a branch key, as they are now. */
  items(branchKeyId: string): Promise<readonly BranchKeyItem[]> | readonly BranchKeyItem[];

  /** Deletes these items of a branch key, as far as they exist. */
  delete(branchKeyId: string, types: readonly string[]): Promise<void> | void;

  /** Returns the ids of all branch keys that have an item of the type `branch:ACTIVE`. */
  list(): Promise<readonly string[]> | readonly string[];

  /** Makes what the storage needs, such as a table; does nothing if it is there. */
  createTable?(): Promise<void> | void;
}
