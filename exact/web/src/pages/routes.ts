/** Which page an address means, and the address of each page. */

export type Route =
  | { page: "home" }
  | { page: "team"; number: number }
  | { page: "image-set"; number: number }
  | { page: "account" }
  | { page: "people" }
  | { page: "cache" }
  | { page: "unknown" };

const NUMBERED = { "/teams/": "team", "/images/imageset/": "image-set" } as const;

export function route(pathname: string): Route {
  if (pathname === "/") return { page: "home" };
  if (pathname === "/account/") return { page: "account" };
  if (pathname === "/people/") return { page: "people" };
  if (pathname === "/cache/") return { page: "cache" };
  for (const [prefix, page] of Object.entries(NUMBERED)) {
    const number = pathname.startsWith(prefix) ? /^(\d+)\/$/.exec(pathname.slice(prefix.length)) : null;
    if (number) return { page, number: Number(number[1]) };
  }
  return { page: "unknown" };
}

export const urls = {
  home: "/",
  account: "/account/",
  people: "/people/",
  cache: "/cache/",
  signOut: "/sign-out/",
  team: (number: number) => `/teams/${number}/`,
  imageSet: (number: number) => `/images/imageset/${number}/`,
  image: (number: number) => `/annotations/${number}/`,
  annotation: (image: number, annotation: number) => `/annotations/${image}/?annotation=${annotation}`,
  thumbnail: (number: number) => `/api/v1/images/images/${number}/thumbnail/`,
  signIn: (next: string) => `/sign-in/?next=${encodeURIComponent(next)}`,
};
