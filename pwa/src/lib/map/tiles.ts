import { getConfig } from '#lib/state/index.ts';
import type { Library, Map as LeafletMap } from './leaflet.ts';

/**
 * Lays the ward's background picture under a map, where the server names one; without a network what the phone has
 * kept of it shows, and otherwise the outlines stand on plain ground.
 */
export async function layTiles(library: Library, map: LeafletMap): Promise<void> {
	const tiles = (await getConfig())?.tiles;
	if (tiles?.kind !== 'raster' || !tiles.url) return;
	// The map may have been closed while the server was asked.
	if (!map.getContainer().isConnected) return;
	library.tileLayer(tiles.url, { maxZoom: 19, className: 'map-tiles' }).addTo(map);
}
