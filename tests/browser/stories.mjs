// The stories that must be told from end to end with the pages, over both nodes, by keyboard alone:
// each in both languages, at a desk and on a telephone.
import { after, before, describe } from 'node:test';
import { innsyn } from './stories/innsyn.mjs';
import { live } from './stories/live.mjs';
import { moving } from './stories/moving.mjs';
import { newcomer } from './stories/newcomer.mjs';
import { oneOfTwo } from './stories/one_of_two.mjs';
import { packaged } from './stories/package.mjs';
import { sameMeasure } from './stories/same_measure.mjs';
import { sharedService } from './stories/shared_service.mjs';
import { withdrawn } from './stories/withdrawn.mjs';
import { end, start } from './support/browser.mjs';
import { tell } from './support/run.mjs';

before(start);
after(end);

describe('told by keyboard', { concurrency: 2 }, () => {
  describe('with the line cut for a while', { concurrency: 1 }, () => {
    tell('S2: a family moves to another municipality, and the line is cut before the answer', moving);
    tell('S4: a consent is withdrawn, and the receipt comes later', withdrawn);
    tell('S10: two services change one measure at the same time', sameMeasure);
    tell('S15: a father and his daughter ask what stands there and who has looked', innsyn);
  });
  describe('whether the line is cut or not', { concurrency: 1 }, () => {
    tell('somebody new opens a case, writes, shares and takes back', newcomer, [{ language: 'nb', width: 390, script: false }]);
    tell('S1: a shared service in another municipality', sharedService);
    tell('S3a: a family moves to a municipality without a node', packaged);
    tell('S5: one of two parents withdraws', oneOfTwo);
    tell('a page that is open says that there is something new', live);
  });
});
