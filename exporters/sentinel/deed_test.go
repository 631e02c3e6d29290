package sentinel

import (
	"testing"

	"github.com/sealwatch/sealwatch/internal/event"
)

// TestDeeds: the words of a spelling say what was done, and no parts of them.
func TestDeeds(t *testing.T) {
	for spelling, want := range map[string]string{
		"EmailAddressUpdated": "UserModified", "UpdateAddress": "UserModified", "InvitationResent": "UserModified", "Renewed": "UserModified", "Unsuspended": "UserEnabled", "Suspended": "UserDisabled",
		"BlockUser": "UserDisabled", "UnblockUser": "UserEnabled", "UpdateUserAllowList": "UserModified", "PasswordPolicyViewed": "UserRead", "PasswordPolicyUpdated": "UserModified",
		"UserCreated": "UserCreated", "user_add": "UserCreated", "AddUser": "UserCreated", "useradded": "UserCreated", "userprofileupdated": "UserModified", "UserUnlocked": "UserUnlocked", "unlocked": "UserUnlocked",
		"AccountLockedOut": "UserLocked", "Locked Out": "UserLocked", "UserLockout": "UserLocked", "accountlocked": "UserLocked", "UserBlocked": "UserDisabled", "userblocked": "UserDisabled",
		"PasswordReset": "PasswordReset", "ResetPassword": "PasswordReset", "PasswordChanged": "PasswordChanged", "ChangePassword": "PasswordChanged", "PasswordSet": "PasswordChanged", "MFAReset": "UserModified",
		"MFARemoved": "UserModified", "IdentityRemoved": "UserModified", "useremailremoved": "UserModified", "MfaDisabled": "UserModified", "UserRemovedByAdmin": "UserDeleted", "createuser": "UserCreated", "BulkUserImported": "UserCreated", "ListUsers": "UserRead", "UsersListed": "UserRead", "UserViewed": "UserRead", "UserClosed": "UserDeleted", "CloseUser": "UserDeleted", "UserReactivated": "UserEnabled",
		"UserDeactivated": "UserDisabled", "DeactivateUser": "UserDisabled", "UserInvited": "UserCreated", "MemberRemoved": "UserDeleted", "UserImported": "UserCreated", "UserEmailAddressVerified": "UserModified",
		"": "UserModified", "???": "UserModified", "Ünïcödé": "UserModified", "StatusChanged": "UserModified", "UserStatusUpdated": "UserModified",
	} {
		if got := managementType(&event.Event{Activity: "user_management", Object: "User", Action: spelling}); got != want {
			t.Errorf("%q is %s, want %s", spelling, got, want)
		}
	}
	for spelling, want := range map[string]string{"EmailAddressUpdated": "Set", "SsoDisabled": "Disable", "Created": "Create", "RsaKeyAdded": "Create", "AllowListChanged": "Set", "SettingsViewed": "Read", "NewsletterSaved": "Set", "DomainClaimed": "Create", "IpRangeRemoved": "Delete"} {
		if got := auditType(&event.Event{Activity: "settings", Action: spelling}); got != want {
			t.Errorf("settings %q is %s, want %s", spelling, got, want)
		}
	}
}
