import { ApiError } from '$lib/api';

/**
 * Bytes of one request that gateways before a server let through, if nobody has told them otherwise: Cloudflare 100 MB, IIS 30 MB, nginx
 * 1 MiB (client_max_body_size). Each step has room for what a form has around its file.
 */
const STEPS = [95e6, 15e6, 1e6] as const;

/**
 * A file that is sent within a few seconds goes in one request; beginning anew costs less than being able to go on. A longer
 * one can be resumed.
 */
const ONE_REQUEST = { seconds: 4, least: 1e6, most: 16e6, unknown: 8e6 };

/** How much a gateway before the server lets through at once, as far as it has been found out; larger files go in parts. And how much is sent at once anyway. */
export class Gate {
  #most: number = Infinity;

  get most(): number {
    return this.#most;
  }

  /** The largest file that goes whole, without an address to go on at, at so many bytes a second; 0 = nothing is known of it. */
  whole(speed: number): number {
    const { seconds, least, most, unknown } = ONE_REQUEST;
    return Math.min(this.#most, speed === 0 ? unknown : Math.min(most, Math.max(least, speed * seconds)));
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
