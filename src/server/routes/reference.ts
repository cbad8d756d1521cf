// What the API says of itself: OpenAPI 3.1, Swagger 2.0 and a page to read. The same for everybody and on every server.
import { readFileSync } from 'node:fs';
import { type Answers, openApiDocument } from '../openapi/document.ts';
import { REFERENCE_STYLE, referencePage } from '../openapi/page.ts';
import { swaggerDocument } from '../openapi/swagger.ts';
import { RawAnswer, type Route, route } from '../route.ts';

const STYLE = '/swagger-ui/reference.css';

/** @param described the routes to describe; those given here are none of them */
export function referenceRoutes(described: readonly Route[]): readonly Route[] {
  let made: ReturnType<typeof openApiDocument> | undefined;
  const document = (): ReturnType<typeof openApiDocument> => {
    made ??= openApiDocument(described, readAnswers());
    return made;
  };
  return [
    page('/api/v1/fairlead/openapi.json', json, () => JSON.stringify(document())),
    page('/swagger.json', json, () => JSON.stringify(swaggerDocument(document()))),
    page('/swagger-ui', 'text/html; charset=utf-8', () => referencePage(document(), STYLE)),
    page(STYLE, 'text/css; charset=utf-8', () => REFERENCE_STYLE),
  ];
}

const json = 'application/json; charset=utf-8';

function page(path: string, type: string, text: () => string): Route {
  let made: string | undefined;
  return route({
    method: 'GET',
    path,
    access: 'public',
    handle() {
      made ??= text();
      return new RawAnswer(200, { 'content-type': type, 'cache-control': 'max-age=300' }, made);
    },
  });
}

function readAnswers(): Answers {
  return JSON.parse(readFileSync(new URL('../openapi/answers.json', import.meta.url), 'utf8')) as Answers;
}
