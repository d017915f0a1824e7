package profile

import (
	"maps"
	"strings"
)

// Group is some settings that belong together: a profile, an SSO session, or a
// choice of services. A nil Group has none.
type Group struct {
	config, credentials map[string]string // as the two files have them
}

// Value returns a setting and whether there is one; the credentials file's comes
// before the config file's.
func (g *Group) Value(setting string) (string, bool) {
	if v, ok := g.InCredentials(setting); ok {
		return v, true
	}
	return g.InConfig(setting)
}

// InConfig returns a setting as the config file has it.
func (g *Group) InConfig(setting string) (string, bool) {
	if g == nil {
		return "", false
	}
	v, ok := g.config[setting]
	return v, ok
}

// InCredentials returns a setting as the credentials file has it.
func (g *Group) InCredentials(setting string) (string, bool) {
	if g == nil {
		return "", false
	}
	v, ok := g.credentials[setting]
	return v, ok
}

// All returns all settings in a map of the caller's own.
func (g *Group) All() map[string]string {
	all := map[string]string{}
	if g != nil {
		maps.Copy(all, g.config)
		maps.Copy(all, g.credentials)
	}
	return all
}

// Block returns the settings that are indented under a setting, as those under
// "s3 =", or nil where the setting has a value of its own or is not there.
func (g *Group) Block(setting string) map[string]string {
	v, _ := g.Value(setting)
	block, _ := nested(v) // what is broken did not get here
	return block
}

// files is what both files say.
type files struct {
	profiles, sessions, services map[string]*Group
}

// read reads both files. It returns files, empty ones, also with an error.
func (s *Settings) read() (*files, error) {
	config, err := s.groups("AWS_CONFIG_FILE", "~/.aws/config")
	if err != nil {
		return &files{}, err
	}
	credentials, err := s.groups("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
	if err != nil {
		return &files{}, err
	}
	f := &files{profiles: map[string]*Group{}, sessions: map[string]*Group{}, services: map[string]*Group{}}
	for _, section := range config {
		f.addConfig(section)
	}
	for _, section := range credentials {
		f.profile(section.Name).credentials = section.Values
	}
	return f, nil
}

// groups reads one of the two files, and refuses it where a block inside it is
// broken.
func (s *Settings) groups(env, standard string) ([]*Section, error) {
	name, ok := s.Env(env)
	if !ok {
		name = standard
	}
	sections, err := s.sections(name)
	for _, section := range sections {
		for _, v := range section.Values {
			if _, err := nested(v); err != nil {
				return nil, &ParseError{s.Expand(name), err}
			}
		}
	}
	return sections, err
}

// sections reads a file. One that cannot be opened is as good as empty, as it is
// to the AWS CLI.
func (s *Settings) sections(name string) ([]*Section, error) {
	text, err := s.ReadFile(name)
	if err != nil {
		return nil, nil
	}
	sections, err := Parse(string(text))
	if err != nil {
		return nil, &ParseError{s.Expand(name), err}
	}
	return sections, nil
}

// addConfig files a section of the config file. Profiles other than the default
// one are called [profile NAME] there, and NAME may be quoted.
func (f *files) addConfig(s *Section) {
	switch {
	case strings.HasPrefix(s.Name, "profile"):
		if name, ok := secondWord(s.Name); ok {
			f.profile(name).config = s.Values
		}
	case strings.HasPrefix(s.Name, "sso-session"):
		put(f.sessions, s)
	case strings.HasPrefix(s.Name, "services"):
		put(f.services, s)
	case s.Name == "default":
		f.profile(s.Name).config = s.Values
	}
}

func (f *files) profile(name string) *Group {
	if f.profiles[name] == nil {
		f.profiles[name] = &Group{}
	}
	return f.profiles[name]
}

func put(groups map[string]*Group, s *Section) {
	if name, ok := secondWord(s.Name); ok {
		groups[name] = &Group{config: s.Values}
	}
}

func secondWord(header string) (string, bool) {
	words, err := Words(header)
	if err != nil || len(words) != 2 {
		return "", false
	}
	return words[1], true
}
