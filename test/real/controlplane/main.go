// Package controlplane pins the versions of the real Kubernetes control plane that the tests run
// against. It holds no code of its own: `build.ts` compiles the three commands named here.
package controlplane

import (
	_ "go.etcd.io/etcd/server/v3/etcdmain"
	_ "k8s.io/kubernetes/cmd/kube-apiserver/app"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)
