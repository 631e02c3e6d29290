// Package docusigntest is a DocuSign in this process: the authorization server, the list of organisations and both
// generations of the Monitor API, with their headers and, when asked, their faults. Only tests import it.
package docusigntest
