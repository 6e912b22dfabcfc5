/**
 * Where in a feed a package goes: what is made for one processor is in a folder of its name, with an index of its own, and a
 * line of its own on the router. apk names files without their architecture, and opkg complains of each package it has no
 * use for, several times.
 */
import type { FeedPackage } from "./package.ts";

/** "" or "mipsel_24kc/", with what is there. */
export function byPlace(packages: readonly FeedPackage[]): ReadonlyMap<string, readonly FeedPackage[]> {
	const places = new Map<string, FeedPackage[]>([["", []]]);
	for (const one of packages) {
		const place = one.architecture === undefined ? "" : `${one.architecture}/`;
		places.set(place, [...(places.get(place) ?? []), one]);
	}
	return places;
}
