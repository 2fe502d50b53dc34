/** How many rows are due to be removed, of how many. */
export interface Due {
  readonly due: number;
  readonly total: number;
}
