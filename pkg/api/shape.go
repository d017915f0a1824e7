// Package api describes AWS Signer, and the parts of S3, ACM and IAM that go with
// it, as data: operations, shapes, bounds, HTTP bindings, pages and waiters.
//
// Flags, help, skeletons, checks, requests and server routes are derived from
// this data and say nothing of it again. The package holds facts only: it makes
// no requests, and knows neither the SDK nor the command line.
//
// The facts are those of the public service model of 2017-08-25, completed by
// what the live service answers; the words are our own.
package api

// Kind is the kind of value a shape stands for.
type Kind int

// The kinds of the Smithy models, as far as the services here use them.
const (
	String Kind = iota
	Integer
	Long
	Boolean
	Timestamp
	Blob
	Structure
	List
	Map
)

// String returns the kind's name as messages show it to people.
func (k Kind) String() string {
	return [...]string{"string", "integer", "integer", "boolean", "timestamp", "blob", "structure", "list", "map"}[k]
}

// Shape is a type of the API.
type Shape struct {
	Name    string
	Kind    Kind
	Members []Member // of a Structure, in the order people see them
	Asked   []string // the required Members in the order in which the lack of them is told; nil is that of Members
	Key     *Shape   // of a Map
	Elem    *Shape   // of a List or a Map
	Enum    []string // the values of the public model
	Also    []string // values that the live service uses and the model lacks
	Min     int      // least length, or least value of an Integer; 0 is none
	Max     int      // greatest length or value; 0 is none
	Pattern string   // a regular expression that the service applies
}

// Member is a named part of a Structure.
type Member struct {
	Name     string
	Shape    *Shape
	Required bool
	Token    bool   // an idempotency token: made up when absent
	Stream   bool   // a blob that is a body of any length
	In       In     // where a request or an answer carries it
	Wire     string // its name there, where that is not Name
	Doc      string // what it is for, in a sentence or two
}

// WireName is the member's name in a query, a path or a header.
func (m *Member) WireName() string {
	if m.Wire != "" {
		return m.Wire
	}
	return m.Name
}

// In says where a request or an answer carries a member.
type In int

// Members travel in the body unless their operation says otherwise. A Map in a
// Header is a header for each of its entries, whose names all begin with Wire.
const (
	Body In = iota
	Path
	Query
	Header
	Payload // the member alone is the body
)

// Operation is one call of a service.
type Operation struct {
	Name       string // StartSigningJob
	Method     string // of HTTP
	Path       string // with {member} where a Path member stands, {member+} where it may hold slashes; a query that never changes follows
	HostPrefix string // put before the host's name
	Doc        string
	Input      *Shape // a Structure
	Output     *Shape // a Structure; one without members answers nothing
	Errors     []*Error
	Pages      *Pages // nil: the answer is whole
}

// Error is a class of error that a service may answer.
type Error struct {
	Name   string
	Status int // of HTTP
}

// Pages says how the answers of a listing follow one another.
type Pages struct {
	InputToken, OutputToken   string   // members
	SecondInput, SecondOutput string   // members of a second token that goes with the first; "" is none
	More                      string   // the Boolean that says whether more follows; "": a token says it
	Limit                     string   // the member that bounds a page
	Result                    []string // the lists; the first is the one that is counted
	Beside                    []string // members of the first answer that stand for all of them
}

// Waiter polls an operation until its answer is what somebody waits for.
type Waiter struct {
	Name        string // SuccessfulSigningJob
	Doc         string
	Operation   *Operation
	Delay       int // seconds between two calls
	MaxAttempts int
	Acceptors   []Acceptor // the first that matches decides
}

// Acceptor is one answer that ends the waiting: a member that has a value, or an
// error of a class.
type Acceptor struct {
	Success bool
	Member  string // path matcher: this member of the answer ...
	Value   string // ... has this value
	Error   string // error matcher: the error's class
}

// Service is a group of operations under one word of the command line.
type Service struct {
	Name       string // the word: signer, s3api, acm, iam
	Title      string // AWS Signer
	Doc        string
	Operations []*Operation // in alphabetical order
	Waiters    []*Waiter
}

// Operation returns the operation with this API name, or nil.
func (s *Service) Operation(name string) *Operation {
	for _, op := range s.Operations {
		if op.Name == name {
			return op
		}
	}
	return nil
}

// Member returns the member of a Structure with this name, or nil.
func (s *Shape) Member(name string) *Member {
	for i := range s.Members {
		if s.Members[i].Name == name {
			return &s.Members[i]
		}
	}
	return nil
}

// structure makes a Structure of members.
func structure(name string, members ...Member) *Shape {
	return &Shape{Name: name, Kind: Structure, Members: members}
}

// asked makes of a Structure one that tells the lack of members in this order.
func asked(s *Shape, names ...string) *Shape {
	s.Asked = names
	return s
}

// list makes a List.
func list(name string, elem *Shape) *Shape { return &Shape{Name: name, Kind: List, Elem: elem} }

// text makes a String without bounds.
func text(name string) *Shape { return &Shape{Name: name, Kind: String} }

// enum makes a String with the values of the public model.
func enum(name string, values ...string) *Shape {
	return &Shape{Name: name, Kind: String, Enum: values}
}
