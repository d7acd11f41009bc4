import { getConfig } from '#lib/state/index.ts';
import type { Coords, DoneCallback, GridLayer, Library, Map as LeafletMap } from './leaflet.ts';

/**
 * Lays the ward's background picture under a map, where the server names one; without a network what the phone has
 * kept of it shows, and otherwise the outlines stand on plain ground. Resolves to whom it is owed to ('' when nobody
 * has to be named), or to null when there is none.
 */
export async function layTiles(library: Library, map: LeafletMap): Promise<string | null> {
	const tiles = (await getConfig())?.tiles;
	if (!tiles?.url) return null;
	const layer =
		tiles.kind === 'raster'
			? library.tileLayer(tiles.url, { maxZoom: 19, className: 'map-tiles' })
			: tiles.kind === 'pmtiles'
				? await archiveLayer(library, tiles.url)
				: null;
	// The map may have been closed while the server was asked.
	if (!layer || !map.getContainer().isConnected) return null;
	layer.addTo(map);
	return tiles.attribution;
}

/**
 * A background from one PMTiles file (version 3) that holds pictures: PNG, JPEG, WebP or AVIF; the phone asks for
 * the parts it shows by byte ranges. Null when the file cannot be read or holds vectors.
 */
async function archiveLayer(library: Library, url: string): Promise<GridLayer | null> {
	const { PMTiles, TileType } = await import('pmtiles');
	const archive = new PMTiles(new URL(url, location.href).href);
	const header = await archive.getHeader().catch(() => null);
	if (!header || header.tileType === TileType.Mvt || header.tileType === TileType.Unknown) return null;

	class ArchiveLayer extends library.GridLayer {
		protected override createTile({ x, y, z }: Coords, done: DoneCallback): HTMLElement {
			const picture = document.createElement('img');
			picture.alt = '';
			void archive
				.getZxy(z, x, y)
				.then((tile) => {
					if (!tile) return done(undefined, picture);
					const address = URL.createObjectURL(new Blob([tile.data]));
					picture.onload = picture.onerror = () => {
						URL.revokeObjectURL(address);
						done(undefined, picture);
					};
					picture.src = address;
				})
				.catch((error: unknown) => done(error instanceof Error ? error : new Error('no tile'), picture));
			return picture;
		}
	}

	return new ArchiveLayer({
		className: 'map-tiles',
		minNativeZoom: header.minZoom,
		maxNativeZoom: header.maxZoom,
		maxZoom: 19
	});
}
