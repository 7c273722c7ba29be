/**
 * A gateway before the server (Caddy, nginx, a tunnel) answers in its place while it is gone: with 502, 503, 504, or a number of its own
 * above them. The server itself says what is wrong as a problem document (RFC 9457).
 */
export const isFromGateway = ({ status, headers }: Response): boolean =>
  isOutOfReach(status) && !(headers.get('content-type') ?? '').startsWith('application/problem+json');

/** Whoever answered, the same may go through in a moment. 507 is for a full disk, or a person's full share of it. */
export const isOutOfReach = (status: number): boolean => status >= 502 && status !== 507;
