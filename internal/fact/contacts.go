package fact

// Contacts are who can be reached when a system is not ready, as far as they are declared.
type Contacts struct {
	Primary   bool `json:"primary"`
	Secondary bool `json:"secondary"`
	Channel   bool `json:"channel"` // where people talk while they fix it
	Levels    int  `json:"levels"`  // of escalation, those before them included
}

// ContactsSubject names the contacts of a system.
const ContactsSubject = "contacts"

// DeclaredContacts describes the facts of contacts. They export nothing: what is missing the item tells.
func DeclaredContacts() *Kind[Contacts] {
	return &Kind[Contacts]{
		Name:    "contacts",
		Help:    "Who can be reached when the system is not ready, as far as the system description has it.",
		Subject: func(*Contacts) string { return ContactsSubject },
	}
}
