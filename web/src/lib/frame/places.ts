import Archive from '@lucide/svelte/icons/archive';
import Heart from '@lucide/svelte/icons/heart';
import Images from '@lucide/svelte/icons/images';
import Trash2 from '@lucide/svelte/icons/trash-2';
import type { Component } from 'svelte';
import type { MessageKey } from '$lib/i18n/i18n.svelte';

export interface AppPlace {
  readonly href: string;
  readonly label: MessageKey & ('nav.photos' | 'nav.favorites' | 'nav.archive' | 'nav.trash');
  readonly icon: Component<{ size?: number }>;
}

/** Where one can go, in the order of the rail. A new screen is one more line here. */
export const PLACES: readonly AppPlace[] = [
  { href: '/', label: 'nav.photos', icon: Images },
  { href: '/favorites', label: 'nav.favorites', icon: Heart },
  { href: '/archive', label: 'nav.archive', icon: Archive },
  { href: '/trash', label: 'nav.trash', icon: Trash2 }
];
