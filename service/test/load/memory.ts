const MIB = 1024 * 1024;

export interface MemoryReport {
  /** The resident memory in MiB: the median of the first third, of the last, and the most. */
  readonly first: number;
  readonly last: number;
  readonly most: number;
}

/** Looks at the memory of a service every half second, by its own metrics, until `stop`. */
export function watchMemory(url: string, token: string): { stop(): Promise<MemoryReport> } {
  const samples: number[] = [];
  let watching = true;
  const done = (async () => {
    while (watching) {
      samples.push(await residentMemory(url, token));
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  })();
  return {
    stop: async () => {
      watching = false;
      await done;
      const third = Math.ceil(samples.length / 3);
      return {
        first: median(samples.slice(0, third)),
        last: median(samples.slice(-third)),
        most: Math.round(Math.max(...samples)),
      };
    },
  };
}

async function residentMemory(url: string, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const text = await (await fetch(`${url}/metrics`, { headers })).text();
  const [, bytes] = /^process_resident_memory_bytes (\d+)$/m.exec(text)!;
  return Number(bytes) / MIB;
}

function median(values: number[]): number {
  return Math.round(values.sort((a, b) => a - b)[values.length >> 1]!);
}
