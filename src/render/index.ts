// Door of render: one source of an application → its manifests.
export { RenderError, type RenderErrorCode } from './errors.ts';
export { createRenderer, DEFAULT_RENDER_SETTINGS, type RendererDeps } from './render.ts';
export type { Renderer, RenderRequest, RenderSettings } from './request.ts';
