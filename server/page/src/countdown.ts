/** Seconds at which the time that is left is read out. */
const ANNOUNCED = [60, 20];

/** Minutes and seconds of the time that is left. */
export function clock(seconds: number): { minutes: number; seconds: number } {
  const left = Math.max(0, Math.ceil(seconds));
  return { minutes: Math.floor(left / 60), seconds: left % 60 };
}

/** Whether going from one reading to the next passes a moment that is read out. */
export function isAnnounced(before: number, after: number): boolean {
  return ANNOUNCED.some((moment) => before > moment && after <= moment);
}
