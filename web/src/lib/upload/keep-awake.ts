/** Keeps the screen on until the returned function is called; where the browser cannot, nothing happens. */
export function keepAwake(): () => void {
  if (!('wakeLock' in navigator)) return () => undefined;
  let lock: WakeLockSentinel | null = null;
  let isWanted = true;
  const take = async (): Promise<void> => {
    try {
      lock = await navigator.wakeLock.request('screen');
      if (!isWanted) await lock.release();
    } catch {
      // The battery is low or the page is hidden: uploads go on all the same.
    }
  };
  // The browser lets go whenever the page is hidden.
  const again = () => {
    if (document.visibilityState === 'visible') void take();
  };
  document.addEventListener('visibilitychange', again);
  void take();
  return () => {
    isWanted = false;
    document.removeEventListener('visibilitychange', again);
    void lock?.release();
  };
}
