package records

// InProgressByID is the condition of what changes one job that is in progress.
const InProgressByID = unfinished
