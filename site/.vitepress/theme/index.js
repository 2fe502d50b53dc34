import { h } from 'vue';
import DefaultTheme from 'vitepress/theme';
import envelope from '../../../docs/pictures/envelope.svg';
import './style.css';

const ALT =
  'A data key encrypts your data; the wrapping key wraps the data key; both make the message';

/** VitePress's theme, with the envelope on the first page. */
export default {
  extends: DefaultTheme,
  Layout: () =>
    h(DefaultTheme.Layout, null, {
      'home-hero-image': () => h('img', { src: envelope, alt: ALT, class: 'diagram' }),
    }),
};
