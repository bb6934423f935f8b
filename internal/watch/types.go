package watch

import (
	"errors"
	"net/http"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// builtInTypes are those of the API groups whose objects are read whole.
func builtInTypes() (*runtime.Scheme, error) {
	types := runtime.NewScheme()
	var err error
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, authenticationv1.AddToScheme, authorizationv1.AddToScheme, autoscalingv2.AddToScheme,
		batchv1.AddToScheme, corev1.AddToScheme, discoveryv1.AddToScheme, networkingv1.AddToScheme,
		policyv1.AddToScheme, rbacv1.AddToScheme, storagev1.AddToScheme,
	} {
		err = errors.Join(err, add(types))
	}
	return types, err
}

// groupClients makes a client for each group whose objects are read whole. client-go's clientset would bring in the types
// of all of Kubernetes' groups, and 9 MB of memory with them.
func groupClients(config *rest.Config, client *http.Client) (map[schema.GroupVersion]rest.Interface, error) {
	types, err := builtInTypes()
	if err != nil {
		return nil, err
	}
	codecs := serializer.NewCodecFactory(types).WithoutConversion()
	groups := make(map[schema.GroupVersion]rest.Interface)
	for _, group := range types.PrioritizedVersionsAllGroups() {
		own := rest.CopyConfig(config)
		own.GroupVersion, own.NegotiatedSerializer, own.APIPath = &group, codecs, "/apis"
		if group.Group == "" {
			own.APIPath = "/api"
		}
		made, err := rest.RESTClientForConfigAndClient(own, client)
		if err != nil {
			return nil, err
		}
		groups[group] = made
	}
	return groups, nil
}
