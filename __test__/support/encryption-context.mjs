export const tenant = 'acme';
