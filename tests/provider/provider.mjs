// A real OpenID provider for the tests of the login, on loopback. Its only unreal part is the page
// on which a person would prove who it is: whoever the last request to /be/NAME named is the one.
//
// node provider.mjs '{"port":…,"client":{…},"par":true,"acr":"level-2","roles":["employee"]}'
import Provider from 'oidc-provider';

const settings = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${settings.port}`;
let person = 'nobody';

const provider = new Provider(issuer, {
  clients: [settings.client],
  cookies: { keys: ['only for tests'] },
  acrValues: [...new Set([settings.acr, 'level-2'])],
  claims: { openid: ['sub', 'roles'], acr: null, auth_time: null },
  conformIdTokenClaims: false,
  clientDefaults: { require_auth_time: true },
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    pushedAuthorizationRequests: { enabled: settings.par },
    rpInitiatedLogout: { enabled: true },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, roles: settings.roles }) }),
  interactions: { url: (_, interaction) => `/pick/${interaction.uid}` },
  async loadExistingGrant(context) {
    const { client, session, provider: own } = context.oidc;
    const grant = new own.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
});

provider.use(async (context, next) => {
  if (context.path.startsWith('/be/')) {
    person = decodeURIComponent(context.path.slice('/be/'.length));
    context.body = person;
  } else if (context.path.startsWith('/pick/')) {
    const login = { accountId: person, acr: settings.acr, ts: Math.floor(Date.now() / 1000) };
    const to = await provider.interactionResult(context.req, context.res, { login });
    context.redirect(to);
  } else {
    await next();
  }
});

provider.listen(settings.port, '127.0.0.1', () => console.log('ready'));
