// Door of the project controller.
export { ProjectController } from './controller.ts';
