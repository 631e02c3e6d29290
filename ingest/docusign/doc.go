// Package docusign speaks to DocuSign's services as an integration that acts for one user: where they are, how a token is
// got by JWT grant, what their limits are, and what their refusals mean to an administrator.
package docusign
