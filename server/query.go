package server

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	pb "github.com/sealwatch/sealwatch/gen/sealwatch/v1"
	"github.com/sealwatch/sealwatch/server/mistake"
	"github.com/sealwatch/sealwatch/server/problem"
)

// queryRules know which query parameters each route takes. The gateway drops an unknown one without a word, and a
// filter with a misspelt name would then select everything.
type queryRules struct{ routes []queryRoute }

type queryRoute struct {
	method string
	// path is all of it, or, with named, what comes before the one segment that names a resource, and suffix what comes after.
	path, suffix string
	named        bool
	// message that the parameters fill; nil for a route whose body is the message.
	message protoreflect.MessageDescriptor
}

// newQueryRules reads the routes from the annotations of the services.
func newQueryRules() (*queryRules, error) {
	q := &queryRules{}
	var files []protoreflect.FileDescriptor
	protoregistry.GlobalFiles.RangeFilesByPackage(pb.File_sealwatch_v1_alert_service_proto.Package(), func(file protoreflect.FileDescriptor) bool { files = append(files, file); return true })
	for _, file := range files {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				route, err := newQueryRoute(methods.Get(j))
				if err != nil {
					return nil, err
				}
				q.routes = append(q.routes, route)
			}
		}
	}
	return q, nil
}

func newQueryRoute(m protoreflect.MethodDescriptor) (queryRoute, error) {
	rule, _ := proto.GetExtension(m.Options(), annotations.E_Http).(*annotations.HttpRule)
	route := queryRoute{message: m.Input()}
	switch rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		route.method, route.path = http.MethodGet, rule.GetGet()
	case *annotations.HttpRule_Post:
		route.method, route.path = http.MethodPost, rule.GetPost()
	case *annotations.HttpRule_Put:
		route.method, route.path = http.MethodPut, rule.GetPut()
	case *annotations.HttpRule_Patch:
		route.method, route.path = http.MethodPatch, rule.GetPatch()
	case *annotations.HttpRule_Delete:
		route.method, route.path = http.MethodDelete, rule.GetDelete()
	default:
		return route, fmt.Errorf("the HTTP rule of %s is of a kind whose query parameters are not known", m.FullName())
	}
	if len(rule.GetAdditionalBindings()) > 0 {
		return route, fmt.Errorf("the HTTP rule of %s has further bindings, whose query parameters are not known", m.FullName())
	}
	if rule.GetBody() == "*" {
		route.message = nil
	}
	if before, variable, ok := strings.Cut(route.path, "{"); ok {
		variable, suffix, _ := strings.Cut(variable, "}")
		_, pattern, _ := strings.Cut(variable, "=")
		collection, ok := strings.CutSuffix(pattern, "*")
		if !ok {
			return route, fmt.Errorf("the HTTP rule of %s has a path of a kind that is not known: %s", m.FullName(), route.path)
		}
		route.path, route.suffix, route.named = before+collection, suffix, true
	}
	return route, nil
}

// takes says whether a path is one of the route.
func (r *queryRoute) takes(path string) bool {
	if !r.named {
		return path == r.path
	}
	rest, ok := strings.CutPrefix(path, r.path)
	if !ok || r.suffix == "" {
		return ok && !strings.Contains(rest, "/") && !strings.Contains(rest, ":")
	}
	return strings.HasSuffix(rest, r.suffix)
}

// check refuses a parameter that the route does not have; for a path that is no route it says nothing.
func (q *queryRules) check(r *http.Request) error {
	if r.URL.RawQuery == "" {
		return nil
	}
	i := slices.IndexFunc(q.routes, func(route queryRoute) bool { return r.Method == route.method && route.takes(r.URL.Path) })
	if i < 0 {
		return nil
	}
	var violations []problem.Violation
	var wrong []problem.Violation
	for name, values := range r.URL.Query() {
		f := fieldAt(q.routes[i].message, name)
		if f == nil {
			violations = append(violations, problem.Violation{Field: name, Description: "there is no such query parameter"})
			continue
		}
		for _, value := range values {
			if said := mistake.Text(f, value); said != "" {
				wrong = append(wrong, problem.Violation{Field: name, Description: said})
			}
		}
	}
	byField := func(a, b problem.Violation) int { return strings.Compare(a.Field, b.Field) }
	slices.SortFunc(violations, byField)
	slices.SortStableFunc(wrong, byField)
	switch {
	case len(violations) == 0 && len(wrong) == 0:
		return nil
	case len(violations) == 0:
		return problem.Invalid(wrong[0].Field+": "+wrong[0].Description, wrong...)
	}
	return problem.Invalid(fmt.Sprintf("%s takes no query parameter %q; /openapi.json lists those it takes",
		r.URL.Path, violations[0].Field), violations...)
}

// fieldAt follows a path of field names, in either spelling, for example filter.startTime; nil when it leads nowhere.
func fieldAt(m protoreflect.MessageDescriptor, path string) (f protoreflect.FieldDescriptor) {
	for name := range strings.SplitSeq(path, ".") {
		if m == nil {
			return nil
		}
		f = m.Fields().ByJSONName(name)
		if f == nil {
			f = m.Fields().ByName(protoreflect.Name(name))
		}
		if f == nil {
			return nil
		}
		m = f.Message()
	}
	return f
}
