import type { Camera } from '$lib/api';

/** "Fujifilm X-T5 · XF 35mm": makers who repeat their name in the model are named once. */
export function cameraLine({ make, model, lens }: Camera): string {
  const maker = make && model && model.toLowerCase().startsWith((make.split(' ')[0] ?? make).toLowerCase()) ? '' : (make ?? '');
  return [[maker, model].filter(Boolean).join(' '), lens].filter(Boolean).join(' · ');
}

/** "f/2 · 1/250 s · 35 mm · ISO 400" */
export function exposureLine({ aperture, exposure_time, focal_length, iso }: Camera, locale: string): string {
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1, useGrouping: false });
  return [
    aperture ? `f/${number.format(aperture)}` : '',
    exposure_time ? shutter(exposure_time) : '',
    focal_length ? `${number.format(focal_length)} mm` : '',
    iso ? `ISO ${iso}` : ''
  ]
    .filter(Boolean)
    .join(' · ');
}

function shutter(time: string | number): string {
  if (typeof time === 'string') return /s$/.test(time) ? time : `${time} s`;
  return time >= 0.4 ? `${Number(time.toFixed(1))} s` : `1/${Math.round(1 / time)} s`;
}
