package cmd

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"signer/pkg/document"
)

// tagsOf are the tags among parameters, nil if there are none.
func tagsOf(params *document.Object) (map[string]string, error) {
	var tags map[string]string
	for _, tag := range tagList(params) {
		key := textOf(tag, "Key")
		if _, twice := tags[key]; twice {
			return nil, acmError("InvalidTagException", fmt.Sprintf("There are two tags %s.", key))
		}
		if tags == nil {
			tags = map[string]string{}
		}
		tags[key] = textOf(tag, "Value")
	}
	return tags, nil
}

func tagList(params *document.Object) []*document.Object {
	v, _ := params.Get("Tags")
	list, _ := v.(document.List)
	var tags []*document.Object
	for _, one := range list {
		if tag, ok := one.(*document.Object); ok {
			tags = append(tags, tag)
		}
	}
	return tags
}

func (c *certificates) addTags(ctx context.Context, params *document.Object) (*document.Object, error) {
	added, err := tagsOf(params)
	if err != nil {
		return nil, err
	}
	return document.New(), c.store.Retag(ctx, textOf(params, "CertificateArn"), func(tags map[string]string) { maps.Copy(tags, added) })
}

// removeTags takes tags away: those with a value only where the value is that.
func (c *certificates) removeTags(ctx context.Context, params *document.Object) (*document.Object, error) {
	return document.New(), c.store.Retag(ctx, textOf(params, "CertificateArn"), func(tags map[string]string) {
		for _, tag := range tagList(params) {
			key := textOf(tag, "Key")
			if value, ok := tags[key]; ok && (!tag.Has("Value") || textOf(tag, "Value") == value) {
				delete(tags, key)
			}
		}
	})
}

func (c *certificates) listTags(ctx context.Context, params *document.Object) (*document.Object, error) {
	tags, err := c.store.Tags(ctx, textOf(params, "CertificateArn"))
	if err != nil {
		return nil, err
	}
	list := document.List{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, document.New(member{Name: "Key", Value: key}, member{Name: "Value", Value: tags[key]}))
	}
	return document.New(member{Name: "Tags", Value: list}), nil
}
