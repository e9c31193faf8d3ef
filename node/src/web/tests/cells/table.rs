//! What every route answers everybody. A number is the status; `ask` leads to a fresh login.
//!
//! | | who | | who |
//! |---|---|---|---|
//! | H | stafettholder of the case | B | BTI coordinator |
//! | S | the same, whose login is 16 minutes ago; at the API, the session in place of a token | R | archive |
//! | T | the same by a token | I | IT operator |
//! | A | works with the case in another service, with a consent | D | data protection officer |
//! | C | to whom the baton is offered; works with the received case | M | guardian, the mother |
//! | E | employee of the stafettholder's service, without a task | F | guardian, the father |
//! | U | leader of that service's unit | G | guardian of another family |
//! | L | leader of that service, as a shared one | Y | whom the case is about |
//! | O | leader of another service's unit | N | nobody: no session and no token |

/// The pages, in a case about a child of eleven.
pub(super) const PAGES: &str = "
method path                                                       H   S   T   A   C   E   U   L   O   B   R   I   D   M   F   G   Y   N
get    /                                                          303 303 200 303 303 303 303 303 303 303 200 303 303 303 303 303 303 200
get    /assets/{hash}/{name}                                      200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
get    /login                                                     200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
get    /login/again                                               200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 401
post   /login/demo                                                303 303 303 303 303 303 303 303 303 303 303 303 303 303 303 303 303 303
get    /login/{provider}/start                                    404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404
get    /login/{provider}/return                                   404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404
post   /logout                                                    303 303 303 303 303 303 303 303 303 303 303 303 303 303 303 303 303 303
post   /role                                                      303 303 404 303 303 303 303 303 303 303 303 303 303 303 303 303 303 401
post   /language                                                  303 303 303 303 303 303 303 303 303 303 303 303 303 303 303 303 303 303
get    /cases/{case}/live                                         404 404 401 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/print                                        200 ask 200 200 404 404 404 404 404 404 404 404 404 200 200 404 200 401
get    /cases                                                     200 200 200 200 200 200 200 200 200 200 200 200 200 404 404 404 404 401
get    /cases/new                                                 200 200 200 200 200 200 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/new                                                 303 303 303 303 303 303 404 404 404 404 404 404 404 404 404 404 404 401
get    /inbox                                                     404 404 404 404 404 404 404 200 404 404 404 404 404 404 404 404 404 401
get    /unit                                                      404 404 404 404 404 404 200 404 200 404 404 404 404 404 404 404 404 401
get    /stalled                                                   404 404 404 404 404 404 404 404 404 200 404 404 404 404 404 404 404 401
get    /cases/{case}                                              200 200 200 200 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/level                                        303 303 303 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/assign                                       303 303 303 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/unassign                                     303 303 303 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /cases/{case}/write                                        200 200 200 200 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/write                                        303 303 303 303 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/drafts/{draft}/delete                        303 303 303 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/entries/{entry}                              200 200 200 200 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/entries/{entry}/settle                       409 409 409 403 404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/entries/{entry}/edit                         200 200 200 200 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/entries/{entry}/edit                         303 303 303 303 404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/consents                                     200 200 200 403 404 404 404 404 404 404 404 404 404 200 200 404 200 401
get    /cases/{case}/consents/new                                 200 200 200 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/consents/new                                 303 303 303 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /cases/{case}/consents/{consent}                           200 200 200 403 404 404 404 404 404 404 404 404 404 200 200 404 404 401
post   /cases/{case}/consents/{consent}                           303 ask 303 403 404 404 404 404 404 404 404 404 404 303 303 404 403 401
get    /cases/{case}/consents/{consent}/answer                    200 ask 200 403 404 404 404 404 404 404 404 404 404 200 200 404 404 401
post   /cases/{case}/consents/{consent}/answer                    303 ask 303 403 404 404 404 404 404 404 404 404 404 303 303 404 404 401
get    /cases/{case}/consents/{consent}/withdraw                  200 ask 200 403 404 404 404 404 404 404 404 404 404 200 200 404 404 401
post   /cases/{case}/consents/{consent}/withdraw                  303 ask 303 403 404 404 404 404 404 404 404 404 404 303 303 404 404 401
get    /cases/{case}/consents/{consent}/form                      200 ask 200 403 404 404 404 404 404 404 404 404 404 403 403 404 404 401
get    /cases/{case}/family                                       200 200 200 403 404 404 200 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/family                                       303 303 303 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /cases/{case}/family/circle                                200 200 200 403 404 404 200 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/family/circle                                303 303 303 403 404 404 303 404 404 404 404 404 404 403 403 404 403 401
get    /cases/{case}/looks                                        200 200 200 403 404 404 404 404 404 404 404 404 200 200 200 404 200 401
get    /family                                                    403 403 403 403 403 403 403 403 403 403 403 403 403 303 303 303 303 401
get    /family/{case}                                             404 404 404 404 404 404 404 404 404 404 404 404 404 200 200 404 200 401
get    /family/{case}/write                                       404 404 404 404 404 404 404 404 404 404 404 404 404 200 200 404 200 401
post   /family/{case}/write                                       404 404 404 404 404 404 404 404 404 404 404 404 404 303 303 404 303 401
get    /family/{case}/guardians                                   404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /family/{case}/guardians                                   404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /baton                                                     200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 401
get    /baton/{baton}                                             404 404 404 404 200 404 404 200 404 404 404 404 404 404 404 404 404 401
post   /baton/{baton}/ask                                         404 404 404 404 404 404 404 303 404 404 404 404 404 404 404 404 404 401
post   /baton/{baton}/accept                                      404 404 404 404 303 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /baton/{baton}/no                                          404 404 404 404 303 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /baton/{baton}/return                                      404 404 404 404 409 404 404 303 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/close                                        200 ask 200 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/close                                        303 ask 303 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /cases/{case}/baton                                        200 200 200 200 200 404 200 404 404 404 404 404 404 200 200 404 200 401
get    /cases/{case}/baton/offer                                  200 ask 200 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/baton/offer                                  303 ask 303 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/baton/service                                422 ask 422 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/baton/give                                   404 ask 404 404 404 404 200 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/baton/give                                   404 ask 404 404 404 404 303 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/baton/{offer}/accept                         404 404 404 404 303 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/baton/{offer}/decline                        404 404 404 404 303 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/baton/{offer}/recall                         303 303 303 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /cases/{case}/meeting                                      200 200 200 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/meeting                                      303 303 303 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/meeting/{meeting}                            200 200 200 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/meeting/{meeting}/write                      200 200 200 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/meeting/{meeting}/write                      303 303 303 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/meeting/{meeting}/end                        200 200 200 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/meeting/{meeting}/end                        303 303 303 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/transition                                   200 200 200 403 404 404 200 404 200 404 404 404 404 403 403 404 403 401
post   /cases/{case}/transition                                   409 409 409 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/transition/days                              303 303 303 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/transition/item                              303 303 303 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/transition/receive                           404 404 404 404 404 404 404 404 303 404 404 404 404 404 404 404 404 401
post   /cases/{case}/transition/end                               303 303 303 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /cases/{case}/move                                         200 200 200 403 404 404 200 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/move/offer                                   422 ask 422 403 404 404 403 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/move/note                                    422 422 422 403 404 404 403 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/move/package                                 422 422 422 403 404 404 403 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/move/recall                                  409 409 409 403 404 404 409 404 404 404 404 404 404 403 403 404 403 401
get    /cases/{case}/move/transfer                                409 ask 409 403 404 404 403 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/move/transfer                                409 ask 409 403 404 404 403 404 404 404 404 404 404 403 403 404 403 401
get    /cases/{case}/move/hand                                    200 200 200 403 404 404 200 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/move/hand                                    422 ask 422 403 404 404 403 404 404 404 404 404 404 403 403 404 403 401
get    /cases/{case}/move/hand/file                               409 ask 409 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/move/hand/taken-back                         409 409 409 403 404 404 409 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/move/hand/acceptance                         422 ask 422 403 404 404 403 404 404 404 404 404 404 403 403 404 403 401
get    /moves                                                     200 200 200 200 200 200 404 404 404 200 404 404 404 404 404 404 404 401
get    /moves/{succession}                                        404 404 404 404 404 200 404 404 404 200 404 404 404 404 404 404 404 401
post   /moves/{succession}/ask                                    404 404 404 404 404 404 404 404 404 303 404 404 404 404 404 404 404 401
post   /moves/{succession}/decline                                404 404 404 404 404 404 404 404 404 303 404 404 404 404 404 404 404 401
post   /moves/{succession}/accept                                 404 404 404 404 404 303 404 404 404 404 404 404 404 404 404 404 404 401
post   /moves/{succession}/no                                     404 404 404 404 404 303 404 404 404 404 404 404 404 404 404 404 404 401
get    /moves/hand/{arrival}                                      404 404 404 404 404 200 404 404 404 200 404 404 404 404 404 404 404 401
post   /moves/hand/{arrival}/ask                                  404 404 404 404 404 404 404 404 404 303 404 404 404 404 404 404 404 401
post   /moves/hand/{arrival}/decline                              404 404 404 404 404 404 404 404 404 303 404 404 404 404 404 404 404 401
post   /moves/hand/{arrival}/open                                 404 404 404 404 404 422 404 404 404 404 404 404 404 404 404 404 404 401
post   /moves/hand/{arrival}/no                                   404 404 404 404 404 303 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/move/without                                 200 200 200 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /cases/{case}/move/without                                 303 303 303 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /operations                                                404 404 404 404 404 404 404 404 404 404 404 200 404 404 404 404 404 401
get    /disclosures                                               404 404 404 404 404 404 404 404 404 404 404 404 200 404 404 404 404 401
get    /search                                                    200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 401
post   /search                                                    200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 401
get    /cases/{case}/decline                                      404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/decline                                      404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /emergency                                                 200 ask 200 200 200 200 200 404 200 404 404 404 404 404 404 404 404 401
post   /emergency                                                 303 ask 303 303 303 303 303 404 303 404 404 404 404 404 404 404 404 401
get    /emergency/case                                            200 200 200 200 200 200 200 404 200 404 404 404 404 404 404 404 404 401
get    /emergency/reviews                                         404 404 404 404 404 404 200 200 200 404 404 404 200 404 404 404 404 401
post   /emergency/reviews/{opening}                               404 404 404 404 404 404 422 422 404 404 404 404 403 404 404 404 404 401
";

/// The API, in the same case. Everybody has a token but S and N.
pub(super) const API: &str = "
method path                                                       H   S   A   C   E   U   L   O   B   R   I   D   M   F   G   Y   N
get    /api/openapi.json                                          200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200 200
get    /api/v1/cases                                              200 401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 401
post   /api/v1/cases                                              201 401 201 201 201 403 403 403 403 403 403 403 403 403 403 403 401
get    /api/v1/cases/{case}                                       200 401 200 404 404 404 404 404 404 404 404 404 200 200 404 200 401
put    /api/v1/cases/{case}/level                                 204 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/assignments                           204 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /api/v1/cases/{case}/entries                               200 401 200 404 404 404 404 404 404 404 404 404 200 200 404 200 401
post   /api/v1/cases/{case}/entries                               201 401 201 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/entries/preview                       200 401 200 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /api/v1/cases/{case}/entries/{entry}                       200 401 200 404 404 404 404 404 404 404 404 404 200 200 404 200 401
patch  /api/v1/cases/{case}/entries/{entry}                       200 401 200 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /api/v1/cases/{case}/consents                              200 401 403 404 404 404 404 404 404 404 404 404 200 200 404 200 401
post   /api/v1/cases/{case}/consents                              201 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/consents/preview                      200 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /api/v1/cases/{case}/consents/{consent}/preview            200 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/consents/{consent}/yes                200 401 403 404 404 404 404 404 404 404 404 404 422 403 404 403 401
post   /api/v1/cases/{case}/consents/{consent}/no                 200 401 403 404 404 404 404 404 404 404 404 404 200 403 404 403 401
post   /api/v1/cases/{case}/consents/{consent}/withdrawal         200 401 403 404 404 404 404 404 404 404 404 404 200 403 404 403 401
get    /api/v1/cases/{case}/notices                               200 401 403 404 404 404 404 404 404 404 404 404 200 200 404 200 401
post   /api/v1/cases/{case}/consents/{consent}/exceptions         200 401 403 404 404 404 404 404 404 404 404 404 200 403 404 403 401
post   /api/v1/cases/{case}/consents/{consent}/review             409 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/withdrawals                           200 401 403 404 404 404 404 404 404 404 404 404 200 403 404 403 401
get    /api/v1/cases/{case}/family                                200 401 403 404 404 200 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/family                                201 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/family/{registration}/approval        403 401 403 404 404 204 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/family/{registration}/rejection       403 401 403 404 404 204 404 404 404 404 404 404 403 403 404 403 401
put    /api/v1/cases/{case}/guardian-access/{guardian}            409 401 403 404 404 404 404 404 404 404 404 404 403 403 404 422 401
get    /api/v1/cases/{case}/address-protection                    200 401 403 404 404 200 404 404 404 404 404 404 403 403 404 403 401
put    /api/v1/cases/{case}/address-protection                    204 401 403 404 404 204 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/address-protection/approvals          403 401 403 404 404 409 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/address-protection/renewal            403 401 403 404 404 409 404 404 404 404 404 404 403 403 404 403 401
get    /api/v1/tasks                                              200 401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 401
post   /api/v1/cases/{case}/consents/{consent}/reconfirmation     409 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /api/v1/links                                              403 401 403 403 403 403 403 403 403 403 200 200 403 403 403 403 401
get    /api/v1/operations                                         403 401 403 403 403 403 403 403 403 403 200 200 403 403 403 403 401
get    /api/v1/disclosures                                        403 401 403 403 403 403 403 403 403 403 403 200 403 403 403 403 401
get    /api/v1/health                                             200 401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 401
get    /api/v1/batons                                             200 401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 401
get    /api/v1/batons/here                                        200 401 200 200 200 200 200 200 200 200 200 200 200 200 200 200 401
get    /api/v1/batons/here/{baton}                                404 401 404 200 404 404 200 404 404 404 404 404 404 404 404 404 401
post   /api/v1/batons/here/{baton}/request                        404 401 404 404 404 404 204 404 404 404 404 404 404 404 404 404 401
post   /api/v1/batons/here/{baton}/acceptance                     404 401 404 204 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/batons/here/{baton}/no                             404 401 404 204 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/batons/here/{baton}/return                         404 401 404 409 404 404 204 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/closing                               204 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /api/v1/cases/{case}/baton                                 200 401 200 200 404 200 404 404 404 404 404 404 200 200 404 200 401
put    /api/v1/cases/{case}/baton                                 403 401 403 404 404 204 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/baton/offers                          201 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/baton/service                         409 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/baton/offers/{offer}/acceptance       404 401 404 204 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/baton/offers/{offer}/refusal          404 401 404 204 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/baton/offers/{offer}/recall           204 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /api/v1/cases/{case}/transition                            200 401 403 404 404 200 404 200 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/transition                            409 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
put    /api/v1/cases/{case}/transition                            204 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/transition/item                       204 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/transition/receive                    404 401 404 404 404 404 404 204 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/transition/end                        204 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /api/v1/cases/{case}/move                                  200 401 403 404 404 200 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/move                                  409 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
put    /api/v1/cases/{case}/move/note                             409 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/move/package                          409 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/move/recall                           409 401 403 404 404 409 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/move/transfer                         409 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/move/hand                             409 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /api/v1/cases/{case}/move/hand/file                        409 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/move/hand/taken-back                  409 401 403 404 404 409 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/move/hand/acceptance                  409 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
get    /api/v1/moves                                              200 401 200 200 200 404 404 404 200 404 404 404 404 404 404 404 401
get    /api/v1/moves/{succession}                                 404 401 404 404 200 404 404 404 200 404 404 404 404 404 404 404 401
post   /api/v1/moves/{succession}/request                         404 401 404 404 404 404 404 404 204 404 404 404 404 404 404 404 401
post   /api/v1/moves/{succession}/refusal                         404 401 404 404 404 404 404 404 204 404 404 404 404 404 404 404 401
post   /api/v1/moves/{succession}/acceptance                      404 401 404 404 204 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/moves/{succession}/no                              404 401 404 404 204 404 404 404 404 404 404 404 404 404 404 404 401
get    /api/v1/moves/by-hand                                      200 401 200 200 200 404 404 404 200 404 404 404 404 404 404 404 401
get    /api/v1/moves/by-hand/{arrival}                            404 401 404 404 200 404 404 404 200 404 404 404 404 404 404 404 401
post   /api/v1/moves/by-hand/{arrival}/request                    404 401 404 404 404 404 404 404 204 404 404 404 404 404 404 404 401
post   /api/v1/moves/by-hand/{arrival}/refusal                    404 401 404 404 404 404 404 404 204 404 404 404 404 404 404 404 401
post   /api/v1/moves/by-hand/{arrival}/opening                    404 401 404 404 422 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/moves/by-hand/{arrival}/no                         404 401 404 404 204 404 404 404 404 404 404 404 404 404 404 404 401
get    /api/v1/cases/{case}/move/without                          200 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/move/without                          204 401 403 404 404 404 404 404 404 404 404 404 403 403 404 403 401
post   /api/v1/cases/{case}/refusal                               404 401 404 404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /api/v1/emergency-case                                     404 401 404 404 200 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/emergency-openings                                 201 401 201 201 201 201 404 201 404 404 404 404 404 404 404 404 401
get    /api/v1/emergency-openings                                 404 401 404 404 404 200 200 200 404 404 404 200 404 404 404 404 401
post   /api/v1/emergency-openings/{opening}/review                404 401 404 404 404 422 422 404 404 404 404 403 404 404 404 404 401
";

/// For monitors, who have no token.
pub(super) const HEALTH: &str = "
method path                                                       H   S   A   C   E   U   L   O   B   R   I   D   M   F   G   Y   N
get    /health/live                                               204 204 204 204 204 204 204 204 204 204 204 204 204 204 204 204 204
get    /health/ready                                              204 204 204 204 204 204 204 204 204 204 204 204 204 204 204 204 204
";

/// What a youth decides, in a case about somebody of sixteen.
pub(super) const YOUTH: &str = "
method path                                                       H   S   A   C   E   U   L   O   B   R   I   D   M   F   G   Y   N
get    /family/{case}                                             404 404 404 404 404 404 404 404 404 404 404 404 200 200 404 200 401
get    /family/{case}/write                                       404 404 404 404 404 404 404 404 404 404 404 404 200 200 404 200 401
post   /family/{case}/write                                       404 404 404 404 404 404 404 404 404 404 404 404 303 303 404 303 401
get    /family/{case}/guardians                                   404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 200 401
post   /family/{case}/guardians                                   404 404 404 404 404 404 404 404 404 404 404 404 404 404 404 303 401
put    /api/v1/cases/{case}/guardian-access/{guardian}            204 401 403 404 404 404 404 404 404 404 404 404 403 403 404 422 401
";

/// Everything below a case that another municipality owns and has shared with the school. H is
/// stafettholder elsewhere; C works with this one, and L gives it to whoever does. What takes it from C
/// stands last.
pub(super) const RECEIVED: &str = "
method path                                                       H   C   E   U   L   O   B   R   I   D   M   G   Y   N
get    /cases/{case}/live                                         404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/print                                        404 200 404 404 403 404 404 404 404 404 404 404 404 401
get    /cases/{case}                                              404 200 404 404 403 404 404 404 404 404 404 404 404 401
post   /cases/{case}/level                                        404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/assign                                       404 404 404 404 303 404 404 404 404 404 404 404 404 401
get    /cases/{case}/decline                                      404 404 404 404 200 404 404 404 404 404 404 404 404 401
get    /cases/{case}/write                                        404 200 404 404 403 404 404 404 404 404 404 404 404 401
post   /cases/{case}/write                                        404 303 404 404 403 404 404 404 404 404 404 404 404 401
post   /cases/{case}/drafts/{draft}/delete                        404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/entries/{entry}                              404 200 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/entries/{entry}/settle                       404 403 404 404 403 404 404 404 404 404 404 404 404 401
get    /cases/{case}/entries/{entry}/edit                         404 200 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/entries/{entry}/edit                         404 303 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/consents                                     404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/consents/new                                 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/consents/new                                 404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/consents/{consent}                           404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/consents/{consent}                           404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/consents/{consent}/answer                    404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/consents/{consent}/answer                    404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/consents/{consent}/withdraw                  404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/consents/{consent}/withdraw                  404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/consents/{consent}/form                      404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/family                                       404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/family                                       404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/family/circle                                404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/family/circle                                404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/looks                                        404 404 404 404 404 404 404 404 404 200 404 404 404 401
get    /cases/{case}/close                                        404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/close                                        404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/baton                                        404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/baton/offer                                  404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/baton/offer                                  404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/baton/service                                404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/baton/give                                   404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/baton/give                                   404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/baton/{offer}/accept                         404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/baton/{offer}/decline                        404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/baton/{offer}/recall                         404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/meeting                                      404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/meeting                                      404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/meeting/{meeting}                            404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/meeting/{meeting}/write                      404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/meeting/{meeting}/write                      404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/meeting/{meeting}/end                        404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/meeting/{meeting}/end                        404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/transition                                   404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/transition                                   404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/transition/days                              404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/transition/item                              404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/transition/receive                           404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/transition/end                               404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/move                                         404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/move/offer                                   404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/move/note                                    404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/move/package                                 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/move/recall                                  404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/move/transfer                                404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/move/transfer                                404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/move/hand                                    404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/move/hand                                    404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/move/hand/file                               404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/move/hand/taken-back                         404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/move/hand/acceptance                         404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /cases/{case}/move/without                                 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/move/without                                 404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /api/v1/cases/{case}                                       404 200 404 404 200 404 404 404 404 404 404 404 404 401
put    /api/v1/cases/{case}/level                                 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/assignments                           404 404 404 404 204 404 404 404 404 404 404 404 404 401
get    /api/v1/cases/{case}/entries                               404 200 404 404 200 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/entries                               404 202 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/entries/preview                       404 200 404 404 404 404 404 404 404 404 404 404 404 401
get    /api/v1/cases/{case}/entries/{entry}                       404 200 404 404 404 404 404 404 404 404 404 404 404 401
patch  /api/v1/cases/{case}/entries/{entry}                       404 200 404 404 404 404 404 404 404 404 404 404 404 401
get    /api/v1/cases/{case}/consents                              404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/consents                              404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/consents/preview                      404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /api/v1/cases/{case}/consents/{consent}/preview            404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/consents/{consent}/yes                404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/consents/{consent}/no                 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/consents/{consent}/withdrawal         404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /api/v1/cases/{case}/notices                               404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/consents/{consent}/exceptions         404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/consents/{consent}/review             404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/withdrawals                           404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /api/v1/cases/{case}/family                                404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/family                                404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/family/{registration}/approval        404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/family/{registration}/rejection       404 404 404 404 404 404 404 404 404 404 404 404 404 401
put    /api/v1/cases/{case}/guardian-access/{guardian}            404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /api/v1/cases/{case}/address-protection                    404 404 404 404 404 404 404 404 404 404 404 404 404 401
put    /api/v1/cases/{case}/address-protection                    404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/address-protection/approvals          404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/address-protection/renewal            404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/consents/{consent}/reconfirmation     404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/closing                               404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /api/v1/cases/{case}/baton                                 404 404 404 404 404 404 404 404 404 404 404 404 404 401
put    /api/v1/cases/{case}/baton                                 404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/baton/offers                          404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/baton/service                         404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/baton/offers/{offer}/acceptance       404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/baton/offers/{offer}/refusal          404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/baton/offers/{offer}/recall           404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /api/v1/cases/{case}/transition                            404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/transition                            404 404 404 404 404 404 404 404 404 404 404 404 404 401
put    /api/v1/cases/{case}/transition                            404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/transition/item                       404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/transition/receive                    404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/transition/end                        404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /api/v1/cases/{case}/move                                  404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/move                                  404 404 404 404 404 404 404 404 404 404 404 404 404 401
put    /api/v1/cases/{case}/move/note                             404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/move/package                          404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/move/recall                           404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/move/transfer                         404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/move/hand                             404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /api/v1/cases/{case}/move/hand/file                        404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/move/hand/taken-back                  404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/move/hand/acceptance                  404 404 404 404 404 404 404 404 404 404 404 404 404 401
get    /api/v1/cases/{case}/move/without                          404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/move/without                          404 404 404 404 404 404 404 404 404 404 404 404 404 401
post   /cases/{case}/unassign                                     404 404 404 404 303 404 404 404 404 404 404 404 404 401
post   /cases/{case}/decline                                      404 404 404 404 303 404 404 404 404 404 404 404 404 401
post   /api/v1/cases/{case}/refusal                               404 404 404 404 204 404 404 404 404 404 404 404 404 401
";
