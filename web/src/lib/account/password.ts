/** The server's rule; said here before a person has to ask. */
export const MIN_PASSWORD = 10;
