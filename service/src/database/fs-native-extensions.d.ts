declare module "fs-native-extensions" {
  /** Whether the whole file is now locked, exclusively, for this descriptor. */
  export function tryLock(descriptor: number): boolean;
}
