import { ApiError } from '$lib/api';

/**
 * Bytes of one request that gateways before a server let through, if nobody has told them otherwise: Cloudflare 100 MB, IIS 30 MB, nginx
 * 1 MiB (client_max_body_size). Each step has room for what a form has around its file.
 */
const STEPS = [95e6, 15e6, 1e6] as const;

/** How much a gateway before the server lets through at once, as far as it has been found out. Larger files go in parts. */
export class Gate {
  #most: number = Infinity;

  get most(): number {
    return this.#most;
  }

  /** A request of so many bytes was refused. False: hardly a smaller one would go through. */
  narrow(refused: number): boolean {
    const next = STEPS.find((step) => step < refused);
    if (next === undefined) return false;
    this.#most = Math.min(this.#most, next);
    return true;
  }
}

/** Said by a gateway; the server itself names its reason. */
export const isGateShut = (error: unknown): boolean => error instanceof ApiError && error.status === 413 && error.code === '';
