package records

import "context"

// InProgressByID is the condition of what changes one job that is in progress.
const InProgressByID = unfinished

// SharedWriters is how many of a process write to a server at once.
const SharedWriters = sharedWriters

// Again does something as a Store does it that a server was reached for.
func Again(ctx context.Context, do func() error) error { return (&Store{calmly: true}).again(ctx, do) }
